"""A site that answers as Babepedia does: its URLs, its not-found behaviour, both its layouts."""

from __future__ import annotations

import calendar
import json
from collections.abc import Iterator, Sequence
from html import escape
from urllib.parse import quote

import pycountry

from demo.sites.content import Layout, SitePhoto, SiteProfile, Variant, demonyms
from demo.sites.server import Reply, html, redirect

HOME = "https://www.babepedia.com"
MONTHS = calendar.month_name[1:]
SUGGESTIONS = 10


def slug_of(name: str) -> str:
    return name.replace(" ", "_")


def ordinal(day: int) -> str:
    suffix = "th" if 10 < day % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{suffix}"


class BabepediaSite:
    """Serves profiles, searches and photos; ``sidebar`` people show up on everybody's page."""

    name = "babepedia"

    def __init__(self, profiles: Sequence[SiteProfile]) -> None:
        self.profiles = {profile.slug or slug_of(profile.name): profile for profile in profiles}
        self._lands_on = {
            slug_of(other): profile for profile in profiles for other in profile.names_here
        }
        self._photos = dict(self._photo_paths())
        self._drawn: dict[str, bytes] = {}

    def _photo_paths(self) -> Iterator[tuple[str, SitePhoto]]:
        for profile in self.profiles.values():
            for path, photo in named_photos(profile):
                yield path, photo
                thumb = path.replace(".jpg", "_thumb.jpg" if photo.upload else "_thumb3.jpg")
                yield thumb, photo

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        if path in self._photos:
            return self._photo(path)
        if path.startswith(("/pics/", "/user-uploads/")):
            return Reply(b"Not Found", 404, "text/plain", kind="photo")
        if path.startswith("/babe/"):
            return self._babe(path.removeprefix("/babe/").rstrip("/"))
        if path == "/ajax-search.php":
            return self._suggest(query.get("term", ""))
        if path.startswith("/search"):
            wanted = query.get("search_term_string") or path.removeprefix("/search").strip("/")
            return html(self._search_page(wanted.replace("_", " ")), kind="search")
        return html("<html><head><title>Babepedia</title></head><body>Welcome</body></html>")

    def _photo(self, path: str) -> Reply:
        photo = self._photos[path]
        if photo.missing:
            return Reply(b"Not Found", 404, "text/plain", kind="photo")
        if path not in self._drawn:
            self._drawn[path] = photo.draw()
        return Reply(self._drawn[path], content_type="image/jpeg", kind="photo")

    def _babe(self, slug: str) -> Reply:
        profile = self.profiles.get(slug) or self._lands_on.get(slug)
        if profile is None:  # never a 404
            return redirect(f"/search/{quote(slug)}")
        page = _older_page if profile.layout is Layout.OLDER else _current_page
        return html(page(profile, self._others(profile)))

    def _others(self, profile: SiteProfile) -> list[SiteProfile]:
        """Other people with photos: they fill the blocks beside the profile."""
        people = [p for p in self.profiles.values() if p is not profile and p.photos]
        start = sum(map(ord, profile.name)) % max(1, len(people))
        return (people + people)[start : start + 6] if len(people) >= 6 else people

    def _search_page(self, wanted: str) -> str:
        """It names nobody who was sought: its links are recommendations."""
        others = "".join(_thumb(profile) for profile in list(self.profiles.values())[:3])
        return (
            f"<!DOCTYPE html><html><head><title>Babepedia - Search results for {escape(wanted)}"
            '</title></head><body class="pagesearch"><div id="content">'
            f'<h1>Search results for "{escape(wanted)}"</h1>'
            f'<div class="results"><p>You may like:</p>{others}</div></div>'
            f"<aside>{others}</aside></body></html>"
        )

    def _suggest(self, term: str) -> Reply:
        """Names that begin so; hyphens are not understood. JSON, but it is called HTML."""
        wanted = term.casefold()
        names = [
            profile.slug.replace("_", " ") or profile.name
            for profile in self.profiles.values()
            if wanted and profile.name.replace("-", " ").casefold().startswith(wanted)
        ]
        body = json.dumps([{"label": name, "value": name} for name in names[:SUGGESTIONS]])
        return html(body, kind="search")


def named_photos(profile: SiteProfile) -> Iterator[tuple[str, SitePhoto]]:
    """Photos under their names on the site: ``Name``, ``Name2`` …; uploads from ``Name10`` on."""
    base = profile.slug.replace("_", " ") or profile.name
    number, upload = 1, 10
    for photo in profile.photos:
        if photo.upload:
            yield f"/user-uploads/{base}{upload}.jpg", photo
            upload += 1
        else:
            yield f"/pics/{base}{number if number > 1 else ''}.jpg", photo
            number += 1


def _thumb(profile: SiteProfile) -> str:
    slug, name = quote(profile.slug or slug_of(profile.name)), escape(profile.name)
    return (
        f'<div class="thumbshot"><a href="/babe/{slug}"><img src="/pics/{name}_thumb3.jpg" '
        f'alt="{name}"></a> {name}</div>'
    )


def _anchor(profile: SiteProfile, path: str, photo: SitePhoto) -> str:
    thumb = path.replace(".jpg", "_thumb.jpg" if photo.upload else "_thumb3.jpg")
    if photo.upload:
        return (
            f'<div><a class="img" rel="gallery2" href="{quote(path)}"><img class="lazy" '
            f'data-src="{escape(thumb)}" src="/images/loading.gif" '
            f'alt="{escape(photo.shows or profile.name)}"></a></div>'
        )
    return (
        f'<a class="img" rel="gallery" href="{quote(path)}">'
        f'<img width="250" height="350" src="{escape(thumb)}"></a>'
    )


def _born(profile: SiteProfile) -> str:
    date = profile.birth_date
    if date is None:
        return "Unknown"
    year = f'<a href="/born-in-the-year/{date.year}">{date.year}</a>'
    if date.month is None:
        return year
    month = MONTHS[date.month - 1]
    if date.day is None:
        return f"{month} {year}"
    weekday = date.earliest().strftime("%A")
    link = f'<a href="/birthdays/{date.day}-{date.month}">{ordinal(date.day)} of {month}</a>'
    return f"{weekday} {link} {year}"


def _country_rows(profile: SiteProfile) -> str:
    country = pycountry.countries.get(alpha_2=profile.country or "")
    if country is None:
        return ""
    name = escape(country.name)
    codes = profile.nationalities
    flags = " ".join(
        f'<span class="fi fi-{code.lower()}"></span> ({escape(people)})'
        for code, people in zip(codes, demonyms(codes), strict=True)
    )
    birthplace = (
        f'<a href="/babesfromcity/Example">Example</a>, <a href="/topbabespercountry/{name}">{name}'
        "</a> (#20)"
    )
    return _item("Birthplace", birthplace) + _item("Nationality", flags)


def _item(label: str, value: str) -> str:
    return (
        f'<div class="info-item"><span class="label">{label}:</span> '
        f'<span class="value">{value}</span></div>'
    )


def _aliases(profile: SiteProfile) -> str:
    if not profile.aliases or Variant.AKA_IN_GRID in profile.variants:
        return ""
    boxes = "".join(
        f'<div class="aliasbox"><span class="aliasname">{escape(alias)}</span> '
        '<span class="aliasnote">(on example-site.test)</span></div>'
        for alias in profile.aliases
    )
    joined = escape(" - ".join(profile.aliases[:3]))  # the fuller list is the hidden one
    return (
        f'<h2 id="aka"><small>Also known as:</small> {joined} '
        '<a id="aliasinfobtn" href="#aliasinfo">(more info)</a></h2>'
        f'<div id="aliasinfo" style="display:none">{boxes}</div>'
    )


def _profile_box(profile: SiteProfile) -> str:
    photos = [(path, photo) for path, photo in named_photos(profile) if not photo.upload]
    if profile.placeholder or not photos:
        slug = quote(profile.slug or slug_of(profile.name))
        none = f'<a class="noimg" href="/babe/{slug}?uploadphotos">Upload a photo</a>'
        return f'<div id="profbox2"><div id="profimg">{none}</div></div>'
    first, *rest = [_anchor(profile, path, photo) for path, photo in photos]
    more = "".join(f'<div class="prof">{anchor}</div>' for anchor in rest)
    return (
        f'<div id="profbox2"><div id="profimg">{first}</div><div id="profselect">{more}</div></div>'
    )


def _current_page(profile: SiteProfile, others: Sequence[SiteProfile]) -> str:
    name, slug = escape(profile.name), quote(profile.slug or slug_of(profile.name))
    gender = "male" if profile.gender == "MALE" else "female"
    icons = "".join(
        f'<a class="proficon {kind}" href="{escape(url)}"></a>'
        for kind, url in profile.links.items()
    )
    uploads = "".join(
        _anchor(profile, path, photo) for path, photo in named_photos(profile) if photo.upload
    )
    more = "".join(_thumb(person) for person in others[:3])
    side = "".join(_thumb(person) for person in others[3:])
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<title>{name} - Free pics, galleries &amp; more at Babepedia</title>
<link rel="canonical" href="{HOME}/babe/{slug}">
<meta property="og:url" content="{HOME}/babe/{slug}">
<meta property="profile:gender" content="{gender}">
<script src="https://cdnjs.cloudflare.com/ajax/libs/jquery/3.6.0/jquery.min.js"></script></head>
<body class="pageprofilepage"><header><form action="/search/"><input name="search_term_string">
</form></header><div id="content">{_profile_box(profile)}
<div id="bioarea"><h1 id="babename">{name}</h1>{_aliases(profile)}
<div id="socialicons">{icons}</div>{_facts(profile)}
<table class="linkstable"><tr><td><a class="outlink" href="https://other.example/">Videos</a></td>
</tr></table></div>
<div class="gallery useruploads2">{uploads}</div>
<div id="friends-block"><h3>Friends</h3>{side}</div>
<div id="morelike"><h3>More like {name}</h3>{more}</div></div>
<aside id="sidebar"><h3>Top 25</h3>{side}<h3>Most viewed</h3>{more}<h3>Random</h3>{side}</aside>
</body></html>"""


def _facts(profile: SiteProfile) -> str:
    if Variant.NO_FACTS in profile.variants:
        return ""
    in_grid = profile.aliases and Variant.AKA_IN_GRID in profile.variants
    aliases = _item("Also known as", escape(" - ".join(profile.aliases))) if in_grid else ""
    died = _item("Died", _born_at(profile)) if profile.death_date else ""
    return f"""
<div id="personal-info-block"><div class="info-grid">
<div class="info-item info-title"><h3>Personal information</h3></div>
{aliases}{_item("Born", _born(profile))}{died}{_country_rows(profile)}
{_item("Profession", "Model")}</div></div>"""


def _born_at(profile: SiteProfile) -> str:
    date = profile.death_date
    assert date is not None
    if date.month is None or date.day is None:
        return f'<a href="/died-in-the-year/{date.year}">{date.year}</a>'
    return f"{ordinal(date.day)} of {MONTHS[date.month - 1]} {date.year} (age 40)"


def _older_page(profile: SiteProfile, others: Sequence[SiteProfile]) -> str:
    name, slug = escape(profile.name), quote(profile.slug or slug_of(profile.name))
    date = profile.birth_date
    born = "Unknown" if date is None else str(date.year)
    if date is not None and date.month and date.day:
        born = f"{date.earliest():%A} {ordinal(date.day)} of {MONTHS[date.month - 1]} {date.year}"
    country = pycountry.countries.get(alpha_2=profile.country or "")
    place = (
        f'<li><span class="label">Birthplace</span>: Example, '
        f'<a href="/topbabespercountry/{escape(country.name)}">{escape(country.name)}</a></li>'
        if country
        else ""
    )
    aka = f"<h2>aka {escape(' / '.join(profile.aliases))}</h2>" if profile.aliases else ""
    box = _profile_box(profile).replace('id="profbox2"', 'id="profbox"')
    thumbs = "".join(_thumb(person) for person in others)
    return f"""<!DOCTYPE html><html><head><title>{name} - Free pics &amp; bio at Babepedia</title>
<meta property="og:url" content="{HOME}/babe/{slug}"></head><body>
<div id="content">{box}<div id="bioarea"><h1>{name}</h1>{aka}<h2>Biography</h2>
<ul id="biolist"><li><span class="label">Born:</span> {born}</li>{place}</ul></div></div>
<div id="thumbs">{thumbs}</div></body></html>"""
