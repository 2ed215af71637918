"""A site that answers as IAFD does: both link schemes, redirects, tables of search results."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from demo.sites.babepedia import MONTHS
from demo.sites.content import SitePhoto, SiteProfile, Variant, demonyms
from demo.sites.server import Reply, html, redirect

HOME = "https://www.iafd.com"
GENDERS = {
    "FEMALE": ("f", "Woman"),
    "MALE": ("m", "Man"),
    "TRANSGENDER_FEMALE": ("tf", "Trans woman"),
    "TRANSGENDER_MALE": ("tm", "Trans man"),
}
HEADSHOTS = "/graphics/headshots/"
PLACEHOLDER = f"{HEADSHOTS}nophoto340.jpg"
PLACEHOLDERS = {
    Variant.EMPTY_HEADSHOT: HEADSHOTS,
    Variant.ADVERT: "/graphics/thumbs/th_iafd_ad.gif",
}
EMPTY = ("No data", "None", "Unknown", "&nbsp;")  # ways to say nothing


def perfid_of(name: str) -> str:
    return re.sub(r"[ .'’-]", "", name).lower()


def code_of(profile: SiteProfile) -> str:
    if Variant.DIRECTOR in profile.variants:
        return "d"
    return GENDERS.get(profile.gender, ("f", "Woman"))[0]


class IAFDSite:
    """Serves persons by id and by perfid, searches, and headshots."""

    name = "iafd"

    def __init__(self, profiles: Sequence[SiteProfile], filmography: int = 40) -> None:
        self.profiles = list(profiles)
        self.filmography = filmography
        self._by_uuid = {profile.uuid: profile for profile in profiles}
        self._by_perfid = {
            (profile.slug or perfid_of(profile.name), code_of(profile)): profile
            for profile in profiles
        }
        self._photos = dict(self._photo_paths())
        self._drawn: dict[str, bytes] = {}

    def _photo_paths(self) -> Iterator[tuple[str, SitePhoto]]:
        for profile in self.profiles:
            if profile.photos:
                yield headshot(profile), profile.photos[0]

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        if path in self._photos:
            return self._photo(path)
        if path.startswith("/graphics/"):
            return Reply(b"Not Found", 404, "text/plain", kind="photo")
        if path in ("/ramesearch.asp", "/results.asp"):
            return self._search(query.get("searchstring", ""))
        if path.startswith("/person.rme/"):
            return self._person(path.removeprefix("/person.rme/"))
        return html("<html><head><title>iafd.com</title></head><body>Welcome</body></html>")

    def _photo(self, path: str) -> Reply:
        photo = self._photos[path]
        if photo.missing:
            return Reply(b"Not Found", 404, "text/plain", kind="photo")
        if path not in self._drawn:
            self._drawn[path] = photo.draw()
        return Reply(self._drawn[path], content_type="image/jpeg", kind="photo")

    def _person(self, rest: str) -> Reply:
        if rest.startswith("id="):
            profile = self._by_uuid.get(rest.removeprefix("id=").strip("/").lower())
            if profile is None:
                return html(_page("iafd.com", "<p>The page you requested was removed.</p>"), 404)
            return html(self._profile_page(profile))
        match = re.match(r"perfid=([^/]+)(?:/gender=(\w+))?", rest)
        if match is None:  # as it was answered earlier
            return html(_page("404 -  iafd.com - internet adult film database", "<h1>404</h1>"))
        profile = self._by_name(*match.groups())
        if profile is None:  # an unknown perfid is answered 200
            text = "<h1>Sorry</h1><p>You have reached an invalid or outdated page.</p>"
            return html(_page("iafd.com - search", text))
        return redirect(f"{HOME}/person.rme/id={profile.uuid}", 301)

    def _by_name(self, perfid: str, gender: str | None) -> SiteProfile | None:
        codes = [gender] if gender else ["f", "m", "tf", "tm", "d"]
        found = (self._by_perfid.get((perfid.lower(), str(code))) for code in codes)
        return next((profile for profile in found if profile), None)

    def _search(self, wanted: str) -> Reply:
        words = wanted.casefold().split()
        matches = [
            profile
            for profile in self.profiles
            if words
            and any(
                all(word in name.casefold() for word in words)
                for name in (profile.name, *profile.aliases)
            )
        ]
        if len(matches) == 1 and matches[0].name.casefold() == wanted.casefold():
            reply = redirect(f"/person.rme/id={matches[0].uuid}")
            reply.kind = "search"
            return reply
        men = [p for p in matches if code_of(p) in ("m", "tm")]
        directors = [p for p in matches if code_of(p) == "d"]
        women = [p for p in matches if p not in men and p not in directors]
        tables = _table("tblFem", women) + _table("tblMal", men) + _table("tblDir", directors)
        if tables:
            tables += '<a href="/moreresults.asp">See More Results...</a>'
        body = tables or "<p>Your search returned no matches.</p>"
        title = "Search results - iafd.com"
        return html(_page(title, f"<h1>Search results</h1>{body}"), kind="search")

    def _profile_page(self, profile: SiteProfile) -> str:
        films = "".join(
            f'<tr class="we"><td><a href="/title.rme/id=demo{number}">Film {number}</a></td>'
            f"<td>{2000 + number % 25}</td></tr>"
            for number in range(self.filmography)
        )
        other = next((p for p in self.profiles if p is not profile and p.photos), None)
        featured = (
            f'<div id="featured"><img src="{HOME}{headshot(other)}" '
            f'title="Photo of {escape(other.name)}"></div>'
            if other
            else ""
        )
        return _page(
            f"{escape(profile.name)} - iafd.com",
            _left_column(profile) + _right_column(profile, films) + featured,
            head=f'<link rel="canonical" href="{HOME}/person.rme/id={profile.uuid}">',
            heading=f"<h1>{escape(profile.name)}\n</h1>",
        )


def headshot(profile: SiteProfile) -> str:
    perfid = profile.slug or perfid_of(profile.name)
    tag = "" if Variant.UNTAGGED in profile.variants else "_demo"
    return f"{HEADSHOTS}{perfid}_{code_of(profile)}{tag}.jpg"


def _headshot_image(profile: SiteProfile) -> str:
    shown = bool(profile.photos) and not profile.placeholder
    others = (PLACEHOLDERS[v] for v in sorted(profile.variants) if v in PLACEHOLDERS)
    source = HOME + (headshot(profile) if shown else next(others, PLACEHOLDER))
    waits = {Variant.LAZY: "data-src", Variant.REWRITTEN: "data-cfsrc"}
    attribute = next((waits[v] for v in sorted(profile.variants) if v in waits), "src")
    blank = "" if attribute == "src" else ' src="data:image/gif;base64,R0lGODlhAQABAAAAACw="'
    title = f"Photo of {escape(profile.name)}"
    return f'<img {attribute}="{source}"{blank} width="340" height="400" title="{title}">'


def _nothing(profile: SiteProfile) -> str:
    return EMPTY[len(profile.name) % len(EMPTY)]


def _page(title: str, body: str, head: str = "", heading: str = "") -> str:
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}
<meta property="og:title" content="iafd.com"></head><body>
<nav class="navbar"><a href="/">iafd.com</a></nav>
<div class="container-fluid">{heading}<div class="row">{body}</div></div></body></html>"""


def _fact(heading: str, value: str) -> str:
    return f'<p class="bioheading">{heading}</p><p class="biodata">{value}</p>'


def _left_column(profile: SiteProfile) -> str:
    links = "".join(
        f'<a href="{escape(url)}" target="starlet"><img src="/graphics/icons/{kind}.png"></a>'
        for kind, url in profile.links.items()
        if kind != "egafd"
    )
    egafd = escape(profile.links.get("egafd", ""))
    database = f'<p class="bioheading"><a href="{egafd}">EGAFD</a></p>' if egafd else ""
    older = Variant.OLDER_KEYS in profile.variants
    return f"""<div class="col-xs-12 col-sm-3">
<div id="headshot">{_headshot_image(profile)}</div>
<p class="headshotcaption">Photo courtesy of an agency</p>
{_known_as(profile, older)}{_person(profile)}{database}
{links}
<div id="galleries"><h4>Galleries</h4><a href="https://pictures.example/set/1" target="starlet">Set
 1</a></div>
<form id="correct" action="/personcorrect.rme">{_keys(profile, older)}</form></div>"""


def _known_as(profile: SiteProfile, older: bool) -> str:
    director = Variant.DIRECTOR in profile.variants
    heading = "Director\n AKA" if director else "AKA" if older else "\n Performer \n AKA"
    aliases = "<br>".join(map(escape, [*profile.aliases, *profile.alias_lines]))
    none = "No known aliases"
    aliases += none if not aliases or Variant.GLUED in profile.variants else ""
    return f'<p class="bioheading">{heading}</p><div class="biodata">{aliases}</div>'


def _person(profile: SiteProfile) -> str:
    """Of somebody who only directs the site knows no more than the years."""
    start, end = profile.years
    role = "Director" if Variant.DIRECTOR in profile.variants else "Performer"
    active = _fact(f"Years Active (as {role})", f"{start}-{end or ''}") if start else ""
    if role == "Director":
        return active
    died = _fact("Date of Death", _date(profile, death=True)) if profile.death_date else ""
    gender = _fact("Gender", GENDERS.get(profile.gender, ("f", "Woman"))[1])
    return f"{gender}{_fact('Birthday', _date(profile))}{died}{active}"


def _keys(profile: SiteProfile, older: bool) -> str:
    """The form for corrections repeats the page's own keys."""
    keys = {"ID": profile.uuid.upper()}
    if older:
        keys = {"PerfID": profile.slug or perfid_of(profile.name), "Gender": code_of(profile)}
    return "".join(f'<input type="hidden" name="{k}" value="{v}">' for k, v in keys.items())


def _date(profile: SiteProfile, death: bool = False) -> str:
    date = profile.death_date if death else profile.birth_date
    if date is None:
        return _nothing(profile)
    if date.month is None:
        return f"??/??/{date.year}"
    if date.day is None:
        return f"{date.month:02d}/??/{date.year}"
    text = f"{MONTHS[date.month - 1]} {date.day}, {date.year}"
    link = f"/calendar.asp?calmonth={date.month}&amp;calday={date.day}&amp;calyear=2026"
    return f'<a href="{link}">{text}</a>' + ("" if death else " (adult)")


def _right_column(profile: SiteProfile, films: str) -> str:
    nation = escape(", ".join(demonyms(profile.nationalities))) or _nothing(profile)
    nationality = "" if Variant.DIRECTOR in profile.variants else _fact("Nationality", nation)
    return f"""<div class="col-xs-12 col-sm-9"><div id="vitalbox"><div class="tab-content">
<div class="tab-pane active" id="home">{nationality}</div>
<div class="tab-pane" id="awards">{_fact("Nationality", "Winner: Best Set")}</div></div></div>
<div id="scenepairings" data-src="/matchups.rme/id={profile.uuid}"></div>
<table id="personal"><tbody>{films}</tbody></table></div>"""


def _table(identifier: str, people: Sequence[SiteProfile]) -> str:
    if not people:
        return ""
    rows = "".join(_row(person) for person in people)
    return (
        f'<div id="{identifier}_wrapper" class="dataTables_wrapper">'
        f'<table id="{identifier}" class="display"><tbody>{rows}</tbody></table></div>'
    )


def _row(profile: SiteProfile) -> str:
    link = f"/person.rme/id={profile.uuid}"
    aliases = escape(", ".join(profile.aliases)) or "&nbsp;"
    years = "".join(f"<td>{year or ''}</td>" for year in profile.years)
    return (
        f'<tr><td><a href="{link}"><img></a></td><td><a href="{link}">{escape(profile.name)}</a>'
        f'</td><td class="text-left">{aliases}</td>{years}<td>3</td></tr>'
    )
