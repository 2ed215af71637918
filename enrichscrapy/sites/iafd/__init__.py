"""IAFD: everybody, profiles at ``/person.rme/…`` in two schemes.

Pure functions on a selector or an address; may import facts, items and what all sites share.
"""

from enrichscrapy.sites.iafd.profile import classify, parse_profile
from enrichscrapy.sites.iafd.search import parse_search
from enrichscrapy.sites.iafd.urls import (
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
