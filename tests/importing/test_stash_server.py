"""A running Stash, read over GraphQL: all of it, what changed, and what may stand in the way."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import socket
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import pytest
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.sites import AccessLog, DemoSite, Kind
from demo.sites import Fault as Misbehaviour
from demo.sites.server import Asked, Reply
from demo.stash import SINCE_URLS, StashLibrary, StashPerformer, StashServer, stash_schema
from enrichscrapy.exceptions import PictureMissing, StashRefused
from enrichscrapy.importing import stash_client, stash_server
from enrichscrapy.importing.libraries import open_server
from enrichscrapy.importing.performers import import_records
from enrichscrapy.importing.records import Fault, Record
from enrichscrapy.importing.stash_client import StashClient, read_address
from enrichscrapy.importing.stash_server import LATEST, OPENING, make_page_query

KEY = "eyJhbGciOiJIUzI1NiJ9.demo-key"
BOX = "https://stashdb.org/graphql"
MAX_BYTES = 1_000_000
_NAMES = st.sampled_from(["data", "errors", "findPerformers", "count", "performers", "endpoint"])


def at(second: int) -> dt.datetime:
    return dt.datetime(2025, 5, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=second)


def people(count: int = 3) -> list[StashPerformer]:
    return [
        StashPerformer(
            number,
            f"Ava Number{number}",
            gender="FEMALE",
            birthdate="1990-03",
            country="SE",
            career_start="2010",
            career_end="2015-05",
            urls=[f"https://www.babepedia.com/babe/Ava_{number}"],
            alias_list=[f"Second Name{number}"],
            stash_ids=[(BOX, f"{number:08}-0000-4000-8000-000000000000")],
            image=b"\xff\xd8picture %d" % number if number == 1 else None,
            updated_at=at(number),
        )
        for number in range(1, count + 1)
    ]


@contextmanager
def serving(cast, **options):
    with DemoSite(StashServer(StashLibrary(cast), **options), AccessLog()).running() as site:
        yield site


def read(db, site, key="", **options):
    """(summary, numbers of the performers that were sent)."""
    library = open_server(site.url, key, db, MAX_BYTES, **options)
    with closing(library):
        summary = import_records(db, library.reader, library.name)
        library.finish(db)
    return summary, library


def changed(db, site, **options):
    summary, library = read(db, site, **options)
    return summary.added, summary.updated, summary.unchanged, library.reader.position


def refusal(site, key=""):
    with pytest.raises(StashRefused) as told, closing(StashClient(site, key)) as client:
        list(stash_server.StashServerReader(client))
    text = str(told.value)
    assert "\n" not in text
    assert KEY not in text
    assert told.value.exit_code == 2
    return text


class TestReading:
    def test_a_whole_performer(self, db):
        with serving(people(1), key=KEY) as site:
            _, library = read(db, site, KEY)
        assert (library.name, library.label) == ("stash-go.sqlite", site.url)
        (performer,) = db.iter_performers_after_id()
        assert (performer.canonical_name, performer.gender) == ("Ava Number1", "FEMALE")
        assert (performer.birth_date, performer.country) == ("1990-03", "SE")
        assert performer.urls == ("https://www.babepedia.com/babe/Ava_1",)
        assert performer.aliases == ("Second Name1",)
        assert performer.stashbox_ids == (("stashdb", "00000001-0000-4000-8000-000000000000"),)

    def test_an_older_one_is_asked_for_what_it_has(self, db):
        cast = [replace(people(1)[0], urls=["https://a.example/x", "https://www.twitter.com/ava"])]
        with serving(cast, lacking=SINCE_URLS) as site:
            read(db, site)
        (performer,) = db.iter_performers_after_id()
        assert set(performer.urls) == {"https://a.example/x", "https://www.twitter.com/ava"}

    @pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
    def test_pages_bring_everybody_once(self, db, monkeypatch, count):
        monkeypatch.setattr(stash_server, "PAGE", 4)
        with serving(people(count)) as site:
            assert changed(db, site) == (count, 0, 0, count)

    def test_who_is_removed_meanwhile_hides_nobody(self, db, monkeypatch):
        monkeypatch.setattr(stash_server, "PAGE", 4)
        library = StashLibrary(people(12))

        class Shrinking(StashServer):
            def serve(self, asked: Asked) -> Reply:
                reply = super().serve(asked)
                if b'"page": 2' in asked.body and 1 in self.library.performers:
                    for number in (1, 2, 3):
                        del self.library.performers[number]
                return reply

        with DemoSite(Shrinking(library), AccessLog()).running() as site:
            assert changed(db, site) == (12, 0, 0, 12)


class TestOnlyWhatChanged:
    def test_the_second_time(self, db):
        cast = [replace(one, updated_at=at(-400_000)) for one in people(3)]
        with serving([*cast, replace(people(4)[3], updated_at=at(0))]) as site:
            assert changed(db, site) == (4, 0, 0, 4)
            assert changed(db, site) == (0, 0, 1, 1)
            site.site.library.update({"id": "2", "name": "Ava Renamed"})
            assert changed(db, site) == (0, 1, 1, 2)
            assert changed(db, site, whole=True) == (0, 0, 4, 4)

    @pytest.mark.parametrize("hours", [-11, 0, 13])
    def test_whatever_zone_times_are_written_in(self, db, hours):
        zone = dt.timezone(dt.timedelta(hours=hours))
        with serving([replace(people(1)[0], updated_at=at(0))], zone=zone) as site:
            read(db, site)
            site.site.zone = dt.timezone(-dt.timedelta(hours=hours))  # moved, or daylight saving
            site.site.library.update({"id": "1", "country": "NO"})
            assert changed(db, site)[1] == 1

    def test_one_that_was_not_finished_is_read_again(self, db):
        with serving(people(3)) as site:
            library = open_server(site.url, "", db, MAX_BYTES)
            with closing(library):
                next(iter(library.reader))
            assert changed(db, site) == (3, 0, 0, 3)


class TestPictures:
    def test_own_ones_and_drawn_ones(self, db):
        with serving(people(2), key=KEY) as site, closing(StashClient(site.url, KEY)) as client:
            assert client.read_picture("1", MAX_BYTES) == b"\xff\xd8picture 1"
            with pytest.raises(PictureMissing, match="no picture"):
                client.read_picture("2", MAX_BYTES)
            with pytest.raises(PictureMissing, match="404"):
                client.read_picture("3", MAX_BYTES)
            with pytest.raises(PictureMissing, match="PHOTO_MAX_BYTES=5"):
                client.read_picture("1", 5)

    def test_a_link_to_elsewhere_is_not_followed_with_the_key(self, db):
        """Stash writes the address it was set up with; the key goes where the user said."""
        with serving([]) as elsewhere, serving(people(1), key=KEY, outside=elsewhere.url) as site:
            read(db, site, KEY)
            with closing(StashClient(site.url, KEY)) as client:
                assert client.read_picture("1", MAX_BYTES)
            site.set_fault(
                "/performer/*", Misbehaviour(Kind.REDIRECT, location=f"{elsewhere.url}/x")
            )
            with closing(StashClient(site.url, KEY)) as client, pytest.raises(StashRefused):
                client.read_picture("1", MAX_BYTES)
            assert elsewhere.entries == []

    def test_one_that_fails_costs_itself(self):
        with serving(people(1)) as site, closing(StashClient(site.url)) as client:
            site.set_fault("/performer/*", Misbehaviour(Kind.STATUS, status=500, times=1))
            with pytest.raises(PictureMissing, match="500"):
                client.read_picture("1", MAX_BYTES)
            assert client.read_picture("1", MAX_BYTES)


class TestNoStash:
    def test_nobody_listens(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]
        assert "is Stash running there?" in refusal(f"http://127.0.0.1:{port}")

    def test_no_such_host(self):
        assert "no host is called" in refusal("http://nowhere.invalid:9999")

    def test_keys(self):
        with serving(people(1), key=KEY) as site:
            assert "asks for its API key" in refusal(site.url)
            assert "refuses the key in STASH_API_KEY" in refusal(site.url, "wrong")
            assert "holds no API key" in refusal(site.url, "two words")

    @pytest.mark.parametrize("status", ["NEEDS_MIGRATION", "SETUP"])
    def test_being_migrated(self, status):
        with serving(people(1), status=status) as site:
            assert "migration" in refusal(site.url)

    @pytest.mark.parametrize(
        ("fault", "told"),
        [
            (Misbehaviour(Kind.BODY, body="<html>hello</html>"), "is no Stash"),
            (Misbehaviour(Kind.BODY, body="[]"), "is no Stash"),
            (Misbehaviour(Kind.BODY, body='{"data": null}'), "is no Stash"),
            (Misbehaviour(Kind.BODY, body='{"data": {"systemStatus": 5}}'), "is no Stash"),
            (
                Misbehaviour(Kind.BODY, body='{"errors": [{"message": "no such field"}]}'),
                "is no Stash",
            ),
            (Misbehaviour(Kind.STATUS, status=404), "is no Stash"),
            (Misbehaviour(Kind.STATUS, status=502), "fails (HTTP 502)"),
            (
                Misbehaviour(Kind.REDIRECT, location="https://other.invalid/graphql"),
                "another address",
            ),
            (Misbehaviour(Kind.RESET), "closed the connection early"),
            (Misbehaviour(Kind.WRONG_LENGTH), "closed the connection early"),
            (Misbehaviour(Kind.HUGE, size=3_000_000), "sends more than"),
            (Misbehaviour(Kind.ENDLESS), "sends more than"),
        ],
    )
    def test_what_answers_is_something_else(self, monkeypatch, fault, told):
        monkeypatch.setattr(stash_client, "MAX_ANSWER", 1_000_000)
        with serving(people(1)) as site:
            site.set_fault("/graphql", fault)
            assert told in refusal(site.url, KEY)

    def test_one_that_is_slow_or_drips(self, monkeypatch):
        monkeypatch.setattr(stash_client, "READ", 0.2)
        monkeypatch.setattr(stash_client, "WHOLE", 0.3)
        with serving(people(1)) as site:
            for fault in (
                Misbehaviour(Kind.DELAY, seconds=1.0),
                Misbehaviour(Kind.DRIP, seconds=0.05),
            ):
                site.set_fault("/graphql", fault)
                assert "did not answer in time" in refusal(site.url)

    def test_an_error_that_repeats_the_key(self):
        class Chatty(StashServer):
            def serve(self, asked: Asked) -> Reply:
                reply = super().serve(asked)
                if b"Latest" in asked.body:
                    error = {"message": f"bad\nkey {asked.headers['ApiKey']}"}
                    return Reply(json.dumps({"errors": [error]}).encode())
                return reply

        with DemoSite(Chatty(StashLibrary(), key=KEY), AccessLog()).running() as site:
            assert refusal(site.url, KEY) == "Stash says: bad key …"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=5),
    max_leaves=12,
)
_PERFORMER = st.fixed_dictionaries(
    {"id": st.sampled_from(["1", "x", 2, None]), "name": _JSON, "updated_at": _JSON},
    optional=dict.fromkeys(("stash_ids", "urls", "alias_list", "birthdate", "country"), _JSON),
)


class Strange(StashServer):
    """Answers whatever it is told to, once it was recognised as a Stash."""

    said: object = None

    def serve(self, asked: Asked) -> Reply:
        if b"Opening" not in asked.body:
            return Reply(json.dumps(self.said).encode())
        return super().serve(asked)


@pytest.fixture(scope="module")
def strange():
    with DemoSite(Strange(StashLibrary(people(1))), AccessLog()).running() as site:
        yield site


@given(
    said=_JSON
    | st.builds(
        lambda count, found: {"data": {"findPerformers": {"count": count, "performers": found}}},
        _JSON,
        st.lists(_PERFORMER, max_size=3) | _JSON,
    )
)
@settings(max_examples=60)
def test_no_answer_breaks_the_reading(strange, said):
    strange.site.said = said
    with closing(StashClient(strange.url)) as client, suppress(StashRefused):
        for item in stash_server.StashServerReader(client):
            assert isinstance(item, Record | Fault)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("http://localhost:9999", "http://localhost:9999"),
        (" HTTP://nas:9999/graphql/ ", "http://nas:9999"),
        ("https://example.org/stash/", "https://example.org/stash"),
        ("http://[::1]:9999/graphql", "http://[::1]:9999"),
    ],
)
def test_addresses(typed, meant):
    assert read_address(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["http://", "http://nas:port", "http://me:secret@nas:9999", "http://nas:9999/?apikey=secret"],
)
def test_addresses_that_cannot_be_meant(typed):
    with pytest.raises(StashRefused) as told:
        read_address(typed)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("lacking", [frozenset(), SINCE_URLS])
def test_the_queries_are_valid(lacking):
    schema = stash_schema(lacking)
    fields = frozenset(schema.type_map["Performer"].fields)
    for query in (OPENING, LATEST, make_page_query(fields)):
        assert validate(schema, parse(query)) == []


def test_the_key_is_in_no_log(db, caplog):
    caplog.set_level(logging.DEBUG)
    with serving(people(3), key=KEY) as site:
        read(db, site, KEY)
        refusal(site.url, "wrong" + KEY)
    assert caplog.records, "this test looks for nothing"
    assert not [record for record in caplog.records if re.search(KEY, record.getMessage())]
