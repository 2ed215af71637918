"""Babepedia: women only, profiles at ``/babe/Name_With_Underscores``.

Pure functions on a selector or an address; may import facts, items and what all sites share.
"""

from enrichscrapy.sites.babepedia.profile import classify, parse_profile
from enrichscrapy.sites.babepedia.search import parse_search
from enrichscrapy.sites.babepedia.urls import (
    HOME,
    HOSTS,
    NAME,
    PHOTO_HOSTS,
    canonical_url,
    profile_urls,
    search_url,
    slug_from_name,
    slug_from_url,
)

__all__ = [
    "HOME",
    "HOSTS",
    "NAME",
    "PHOTO_HOSTS",
    "canonical_url",
    "classify",
    "parse_profile",
    "parse_search",
    "profile_urls",
    "search_url",
    "slug_from_name",
    "slug_from_url",
]
