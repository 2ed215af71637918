"""What reads other people's bytes: each target takes any, and raises nothing but what it may."""

from __future__ import annotations

import datetime as dt
import io
import logging
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from parsel import Selector
from PIL import Image
from protego import Protego

from enrichscrapy.core.json_queue import from_json, to_json
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.links import read_link
from enrichscrapy.database.traits import Traits
from enrichscrapy.downloadermiddlewares.robots import read_rules
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.faces.decode import DecodeLimits, decode
from enrichscrapy.facts.dates import find_latest_birth, parse_date
from enrichscrapy.facts.names import split_number
from enrichscrapy.facts.spelling import make_name_keys
from enrichscrapy.forgetting.mentions import Mentions
from enrichscrapy.gallery.guards import CSRF_HEADER
from enrichscrapy.gallery.pages import Gallery
from enrichscrapy.gallery.serving import GalleryServer
from enrichscrapy.importing.readers import open_reader
from enrichscrapy.lookups.plan import plan_by_link
from enrichscrapy.politeness.pace import parse_retry_after
from enrichscrapy.politeness.refusals import classify_refusal
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.sites import find_sites
from enrichscrapy.spiders.babepedia import BabepediaSpider
from enrichscrapy.verdicts import Limits

PAGES = Path(__file__).parent.parent / "pages"
TODAY = dt.date(2026, 6, 15)


@dataclass(frozen=True)
class Target:
    """``open`` yields the function to feed; it may raise ``allowed`` and nothing else."""

    corpus: Sequence[bytes]
    open: Callable[[], object]
    allowed: tuple[type[BaseException], ...] = ()


def _plain(function: Callable[[bytes], object]) -> Callable[[], object]:
    @contextmanager
    def opened() -> Iterator[Callable[[bytes], object]]:
        yield function

    return opened


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape" if data[:1] == b"\xff" else "replace")


def _page(name: str) -> Callable[[bytes], object]:
    site = find_sites()[name]

    def read(data: bytes) -> None:
        selector = Selector(body=data, encoding="utf-8")
        site.classify(selector, site.HOME)
        site.parse_profile(selector, site.HOME)
        site.parse_search(selector, site.HOME)

    return read


def _dates(data: bytes) -> None:
    text = _text(data)
    parse_date(text)
    find_latest_birth(text, TODAY)
    parse_retry_after(text, 1.8e9)


def _names(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    split_number(text)
    make_name_keys(text)
    list(Traits([text], [text], [("stashdb", text)]))
    _ = text in Mentions(Traits([text], [text]))
    for site in find_sites().values():
        if site.slug_from_name(text):
            site.profile_urls(text, None)
            site.search_url(text)


def _links(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for site in find_sites().values():
        site.slug_from_url(text)
    with suppress(ValueError):
        read_link(text)


def _robots(data: bytes) -> None:
    text = read_rules(200, data)
    if text is not None:
        rules = Protego.parse(text.decode("utf-8-sig", "replace"))
        rules.can_fetch("https://www.iafd.com/person.rme/id=aaaaaaaaaaaaaaaaaa", "enrichscrapy")
        rules.crawl_delay("enrichscrapy")
    classify_refusal(403, {"cf-mitigated": _text(data[:40])}, data)


def _photo(data: bytes) -> None:
    decode(data, DecodeLimits(max_pixels=4_000_000))


def _drawn() -> list[bytes]:
    made = []
    for kind, options in (
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": Image.Exif()}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
    ):
        buffer = io.BytesIO()
        Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(buffer, kind, **options)
        made.append(buffer.getvalue())
    return made


@contextmanager
def _files() -> Iterator[Callable[[bytes], object]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people"

        def read(data: bytes) -> None:
            path.write_bytes(data)
            reader = open_reader(path)
            try:
                list(reader)
            finally:
                reader.close()

        yield read


def _queue(data: bytes) -> None:
    from_json(data, BabepediaSpider())


def _queued() -> bytes:
    plan = plan_by_link(1, ["https://www.babepedia.com/babe/Zo\u00eb_Demo"])
    spider = BabepediaSpider()
    step = plan.take_step()
    assert step is not None
    return to_json(spider.request_for(plan, step))


class _Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def _gallery() -> Iterator[Callable[[bytes], object]]:
    faults = _Kept(logging.ERROR)
    logging.getLogger("enrichscrapy.gallery").addHandler(faults)
    with (
        tempfile.TemporaryDirectory() as folder,
        PerformerDatabase(Path(folder) / "a.db") as database,
        GalleryServer(
            Gallery(ReviewDesk(database, Limits(5, 20)), Path(folder) / "index", {})
        ) as server,
    ):

        def ask(data: bytes) -> None:
            data = data.replace(b"@TOKEN", server.secrets.token.encode())
            data = data.replace(b"@CSRF", server.secrets.csrf.encode())
            data = data.replace(b"@PORT", str(server.port).encode())
            address = ("127.0.0.1", server.port)
            with socket.create_connection(address, timeout=20) as link, suppress(ConnectionError):
                link.sendall(data)
                with suppress(OSError):  # it has hung up already
                    link.shutdown(socket.SHUT_WR)
                while link.recv(65536):
                    pass
            if faults.records:
                raise AssertionError(faults.format(faults.records.pop()))

        yield ask
    logging.getLogger("enrichscrapy.gallery").removeHandler(faults)


_REQUEST = (
    "%s HTTP/1.1\r\nHost: 127.0.0.1:@PORT\r\n" + CSRF_HEADER + ": @CSRF\r\n"
    "Connection: close\r\n%s\r\n"
)
_JSON = 'Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{"back": "abc"}'
_REQUESTS = [
    (_REQUEST % asked).encode()
    for asked in (
        ("GET /@TOKEN/", ""),
        ("GET /@TOKEN/performers?show=waiting&find=ada&after=3~4", ""),
        ("GET /@TOKEN/performers?show=due&before=ada~4", ""),
        ("GET /@TOKEN/review/queue?after=3&performer=4&source=iafd", ""),
        ("GET /@TOKEN/proposals?after=7", ""),
        ("GET /@TOKEN/faces/1.webp", ""),
        ("POST /@TOKEN/review/faces/1/accept", _JSON),
        ("POST /@TOKEN/review/undo", "Content-Length: 9\r\n\r\nback=name"),
    )
]
_PEOPLE = (
    b'{"id": 1, "name": "Ada Demo", "birth_date": "1990-01-02", "aliases": ["A"], '
    b'"urls": ["https://x.com/a"], "stashbox_ids": [["stashdb", "1"]]}\n' * 3,
    b'id,name,birth_date,aliases,urls\n1,Ada Demo,1990,A|B,https://x.com/a\n2,"Bea\n",,,\n',
)
_DATES = (b"October 15, 1983", b"11/27/08", b"circa 2012", b"13 years young", b"1983-10-15T00:00")
_NAMES = ("Zoë Łuczak", "O'Mallin-Bo, Kira (II)", "TessaQuillmark", "Ёлка Ким", "さとう はな")
_LINKS = (b"https://www.babepedia.com/babe/Ada_Demo", b"http://user@x.test:99/a?b#c", b"x.com/a")
_ROBOTS = (b"User-agent: *\nCrawl-delay: 5\nDisallow: /a*b$\nRequest-rate: 1/5s\nAllow: /\n",)

TARGETS: dict[str, Target] = {
    **{
        f"pages of {name}": Target(
            [path.read_bytes() for path in sorted(PAGES.glob(f"{name}/*.html"))],
            _plain(_page(name)),
        )
        for name in ("babepedia", "iafd")
    },
    "dates": Target(_DATES, _plain(_dates)),
    "names": Target([name.encode() for name in _NAMES], _plain(_names)),
    "links": Target(_LINKS, _plain(_links)),
    "robots.txt": Target(_ROBOTS, _plain(_robots)),
    "photos": Target(_drawn(), _plain(_photo)),
    "imported files": Target(_PEOPLE, _files, (EnrichError,)),
    "a JOBDIR's queue": Target([_queued()], _plain(_queue), (ValueError,)),
    "the gallery": Target(_REQUESTS, _gallery),
}
