"""What is asked of a stash-box and what is read from its answers, whatever they are."""

from __future__ import annotations

import json
import uuid

import pytest
from graphql import parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.stashbox import BoxPerformer, StashBoxServer, stashbox_schema
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.stashboxes import KNOWN, find_box
from enrichscrapy.items import PartialDate
from enrichscrapy.sites import find_sites
from enrichscrapy.sites.stashbox import Endpoint, EntryKind, Query, read_answer

BOX = Endpoint.named("stashdb")
ASKED = [str(uuid.uuid5(uuid.NAMESPACE_URL, f"asked:{number}")) for number in range(3)]


NAMES = [
    *("data", "errors", "message", "path", "p0", "p1", "id", "name", "aliases", "urls", "url"),
    *("images", "width", "birth_date", "birthdate", "date", "accuracy", "country", "gender"),
    *("merged_ids", "merged_into_id"),
]


def answer(*entries, errors=None, status=200):
    body = {"data": {f"p{number}": each for number, each in enumerate(entries)}}
    if errors is not None:
        body["errors"] = errors
    return read_answer(status, json.dumps(body), ASKED[: len(entries)], BOX)


def one(status=200, text="", **data):
    if not text:
        found = {"id": ASKED[0], "name": "Ada Demo", **data}
        text = json.dumps({"data": {"p0": found}})
    return read_answer(status, text, ASKED[:1], BOX)


def profile(**data):
    (entry,) = one(**data).entries
    assert entry.kind is EntryKind.PERSON, entry
    return entry.profile


class TestEndpoints:
    @pytest.mark.parametrize("box", KNOWN.values())
    def test_each_known_box_has_one_source_however_it_is_given(self, box):
        given = {Endpoint.named(text) for text in (box.name, box.domain, box.graphql_url)}
        (endpoint,) = given
        assert (endpoint.api, endpoint.HOME) == (box.graphql_url, f"https://{box.domain}")
        assert find_box(endpoint.NAME) == box.name
        assert {box.domain, f".{box.domain}"} <= endpoint.PHOTO_HOSTS

    def test_another_box_by_its_address(self):
        endpoint = Endpoint.named("https://api.boxes.example.org/graphql/")
        assert endpoint.api == "https://api.boxes.example.org/graphql"
        assert endpoint.NAME == "stashbox:api.boxes.example.org"
        assert ".boxes.example.org" in endpoint.PHOTO_HOSTS
        assert endpoint.base_url == ""
        local = Endpoint.named("http://127.0.0.1:9998")
        assert (local.api, local.base_url) == ("https://127.0.0.1/graphql", "http://127.0.0.1:9998")

    def test_a_part_of_a_box(self):
        assert Endpoint.named("https://theporndb.net/graphql?type=JAV").api.endswith("?type=JAV")

    @pytest.mark.parametrize(
        "text",
        ["", "stashbd", "http://boxes.example.org", "ftp://x.org", "https://u:p@x.org", "//"],
    )
    def test_what_is_no_box_is_one_line(self, text):
        with pytest.raises(BadSetting, match="endpoint="):
            Endpoint.named(text)

    def test_a_page_stands_for_an_id(self):
        for performer_id in (ASKED[0], "a/b?c d"):
            assert BOX.id_of_page(BOX.page_url(performer_id)) == performer_id

    def test_they_are_no_reference_sites(self):
        assert set(find_sites()) == {"babepedia", "iafd"}


class TestQueries:
    @pytest.mark.parametrize(
        "lacking",
        [
            (),
            ("Performer.merged_into_id", "Performer.deleted", "Performer.merged_ids"),
            ("Performer.birth_date", "Performer.death_date", "Image.width", "Image.height"),
            ("Performer.birth_date", "Performer.birthdate", "URL.url", "Performer.images"),
        ],
    )
    def test_it_fits_each_schema_after_at_most_two_refusals(self, lacking):
        schema, query = stashbox_schema(frozenset(lacking)), Query()
        for _ in range(2):
            errors = validate(schema, parse(query.body(ASKED)["query"]))
            if not errors:
                break
            told = {"errors": [error.formatted for error in errors], "data": None}
            unknown = read_answer(422, json.dumps(told), ASKED, BOX).unknown_fields
            query = query.without(unknown)
            assert query is not None
        assert validate(schema, parse(query.body(ASKED)["query"])) == []

    def test_what_is_needed_cannot_be_left_out(self):
        assert Query().without({("Performer", "name"), ("Scene", "title")}) is None

    def test_ids_travel_as_variables(self):
        body = Query().body(['" } evil', "b"])
        assert body["variables"] == {"p0": '" } evil', "p1": "b"}
        assert "evil" not in body["query"]


class TestAnswers:
    def test_a_person(self):
        found = profile(
            aliases=["Ada D", "Ada Demo", 7],
            gender="FEMALE",
            birth_date="1990-03",
            death_date="2020",
            country="SE",
            urls=[{"url": "https://x.com/ada"}, {"url": "javascript:1"}, {"url": f"{BOX.HOME}/x"}],
            images=[
                {"url": "https://cdn.stashdb.org/wide", "width": 900, "height": 600},
                {"url": "https://cdn.stashdb.org/small", "width": 300, "height": 400},
                {"url": "https://cdn.stashdb.org/large", "width": 600, "height": 800},
            ],
            merged_ids=[ASKED[2]],
            merged_into_id=None,
            deleted=False,
        )
        assert (found.name, found.url, found.source_id) == (
            "Ada Demo",
            BOX.page_url(ASKED[0]),
            ASKED[0],
        )
        assert (found.aliases, found.gender, found.country) == (("Ada D",), "FEMALE", "SE")
        assert (found.birth_date, found.death_date) == (PartialDate(1990, 3), PartialDate(2020))
        assert found.links == {"x": ("https://x.com/ada",)}
        pictures = [url.rpartition("/")[2] for url in found.photo_urls]
        assert pictures == ["large", "small", "wide"]
        assert found.former_ids == (ASKED[2],)

    @pytest.mark.parametrize(
        ("date", "accuracy", "read"),
        [("1990-03-02", "MONTH", "1990-03"), ("1990-01-01", "YEAR", "1990")],
    )
    def test_a_date_holds_as_far_as_it_is_accurate(self, date, accuracy, read):
        fuzzy = {"date": date, "accuracy": accuracy}
        assert str(profile(birthdate=fuzzy).birth_date) == read

    def test_a_date_that_is_none_still_tells_who_may_be_a_minor(self):
        found = profile(birth_date="2011 or 2012")
        assert (found.birth_date, found.birth_text) == (None, "2011 or 2012")

    def test_each_entry_of_an_answer_stands_for_itself(self):
        merged = {"id": ASKED[0], "name": "A", "merged_into_id": ASKED[2], "deleted": True}
        gone = {"id": ASKED[1], "name": "B", "deleted": True}
        kinds = [each.kind for each in answer(merged, gone, None).entries]
        assert kinds == [EntryKind.MERGED, EntryKind.DELETED, EntryKind.NOBODY]
        errors = [{"message": "no pictures", "path": ["p1", "images"]}]
        here = {"id": ASKED[0], "name": "A"}
        first, second = answer(here, {"id": ASKED[1], "name": "B"}, errors=errors).entries
        assert first.kind is EntryKind.PERSON
        assert (second.kind, second.why) == (EntryKind.FAULT, "the box says 'no pictures'")

    def test_an_entry_that_the_box_went_on_to_by_itself(self):
        other = {"id": ASKED[1], "name": "A", "merged_ids": [ASKED[0].upper()]}
        assert answer(other).entries[0].into == ASKED[1]
        assert answer({"id": ASKED[1], "name": "A"}).entries[0].kind is EntryKind.FAULT

    @pytest.mark.parametrize(
        ("status", "text", "why"),
        [
            (200, "<html>Log in</html>", "no JSON"),
            (200, "[" * 100_000, "no JSON"),
            (200, '{"errors": [{"message": "busy"}]}', "busy"),
            (200, '{"data": {}}', "no data"),
            (200, "[]", "no data"),
            (500, '{"data": {"p0": null}}', "http 500"),
            (502, "Bad Gateway", "http 502"),
            (302, "", "http 302"),
        ],
    )
    def test_what_says_nothing_of_anybody(self, status, text, why):
        read = one(status, text or " ")
        assert read.entries == ()
        assert why in read.fault

    def test_a_key_that_is_not_let_in(self):
        assert one(401, '{"error": "no"}').key_refused
        assert answer(None, errors=[{"message": "Not authorized", "path": ["p0"]}]).key_refused

    def test_many_nobodies_are_the_wrong_box(self):
        nobody = json.dumps({"data": {f"p{number}": None for number in range(9)}})
        read = read_answer(200, nobody, [str(number) for number in range(9)], BOX)
        assert read.entries == ()
        assert "is it the right one?" in read.fault

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(NAMES),
                    inner,
                    max_size=6,
                )
            ),
            max_leaves=25,
        )
    )
    @settings(max_examples=150)
    def test_no_answer_breaks_the_reader(self, body):
        data = body if isinstance(body, dict) and "data" in body else {"data": {"p0": body}}
        read = read_answer(200, json.dumps(data), ASKED[:2], BOX)
        assert len(read.entries) in (0, 2)
        for entry in read.entries:
            if entry.profile is not None:
                found = entry.profile
                told = (found.name, *found.aliases, *found.photo_urls, found.birth_text)
                assert all(text.encode() and text.isprintable() for text in told)

    @given(st.text(max_size=50) | st.binary(max_size=50).map(lambda raw: raw.decode("latin-1")))
    @settings(max_examples=50)
    def test_no_text_breaks_the_reader(self, text):
        assert read_answer(200, text, ASKED, BOX).entries == ()


def test_the_demo_box_is_read_as_it_is_meant():
    server = StashBoxServer([BoxPerformer(ASKED[0], "Ada Demo", birth_date="1990")])
    reply = server._answer(json.dumps(Query().body(ASKED)).encode(), allowed=True)
    first, second, _ = read_answer(reply.status, reply.body.decode(), ASKED, BOX).entries
    assert str(first.profile.birth_date) == "1990"
    assert second.kind is EntryKind.NOBODY
