"""The demo's Stash has the real one's habits: what is built on it would work there."""

from __future__ import annotations

import datetime as dt
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from demo.sites import AccessLog, DemoSite
from demo.stash import SINCE_URLS, StashLibrary, StashPerformer, StashServer

KEY = "demo-key"
BOX = "https://stashdb.org/graphql"


def at(second: int) -> dt.datetime:
    return dt.datetime(2025, 5, 1, 12, 0, second, tzinfo=dt.UTC)


def library() -> StashLibrary:
    return StashLibrary(
        [
            StashPerformer(
                1,
                "Ava Lindqvist",
                birthdate="1990-03",
                urls=["https://example.org/ava"],
                alias_list=["Mona Dahl"],
                stash_ids=[(BOX, "11111111-1111-4111-8111-111111111111")],
                image=b"\xff\xd8picture",
                updated_at=at(1),
            ),
            StashPerformer(2, "Bruno Stein", gender="MALE", updated_at=at(2)),
            StashPerformer(3, "Cleo Marsh", updated_at=at(3)),
        ],
        {BOX: "stashdb"},
    )


@pytest.fixture
def stash() -> Iterator[DemoSite]:
    with DemoSite(StashServer(library(), key=KEY), AccessLog()).running() as site:
        yield site


def ask(site: DemoSite, query: str, key: str = KEY, **variables: Any) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Content-Type": "application/json", **({"ApiKey": key} if key else {})}
    request = urllib.request.Request(f"{site.url}/graphql", body, headers)
    with urllib.request.urlopen(request) as answer:
        read: dict[str, Any] = json.load(answer)
    return read


def refusal(site: DemoSite, query: str, **variables: Any) -> str:
    return ask(site, query, **variables)["errors"][0]["message"]


FIND = """query Find($filter: FindFilterType, $performers: PerformerFilterType) {
  findPerformers(filter: $filter, performer_filter: $performers) {
    count performers { id name birthdate alias_list image_path stash_ids { endpoint stash_id } }
  }
}"""
ADD = """mutation Add($input: BulkPerformerUpdateInput!) {
  bulkPerformerUpdate(input: $input) { id alias_list urls updated_at custom_fields }
}"""
SET = "mutation Set($input: PerformerUpdateInput!) { performerUpdate(input: $input) { urls } }"


def test_pages_are_stable_and_count_all(stash: DemoSite) -> None:
    pages = [
        ask(stash, FIND, filter={"page": page, "per_page": 2, "sort": "id"})["data"]
        for page in (1, 2)
    ]
    names = [one["id"] for page in pages for one in page["findPerformers"]["performers"]]
    assert names == ["1", "2", "3"]
    assert {page["findPerformers"]["count"] for page in pages} == {3}
    everybody = ask(stash, FIND, filter={"per_page": -1})["data"]["findPerformers"]["performers"]
    assert len(everybody) == 3
    assert everybody[0]["birthdate"] == "1990-03"


def test_what_changed_since_is_compared_as_text() -> None:
    east = dt.timezone(dt.timedelta(hours=2))
    with DemoSite(StashServer(library(), zone=east), AccessLog()).running() as site:

        def since(value: str) -> int:
            wanted = {"updated_at": {"value": value, "modifier": "GREATER_THAN"}}
            count: int = ask(site, FIND, "", performers=wanted)["data"]["findPerformers"]["count"]
            return count

        assert since("2025-05-01T14:00:01+02:00") == 2
        assert since("2025-05-01T12:00:02Z") == 3  # another zone: the hours are wrong


def test_pictures_and_placeholders(stash: DemoSite) -> None:
    found = ask(stash, FIND, filter={"per_page": -1, "sort": "id"})["data"]["findPerformers"]
    own, none, _ = (one["image_path"] for one in found["performers"])
    assert "default=true" in none
    assert "default=true" not in own
    request = urllib.request.Request(own, headers={"ApiKey": KEY})
    with urllib.request.urlopen(request) as answer:
        assert answer.read() == b"\xff\xd8picture"
    with urllib.request.urlopen(own) as answer:  # without the key: the login page
        assert b"<title>" in answer.read()


@pytest.mark.parametrize("key", ["", "another"])
def test_no_key_no_answer(stash: DemoSite, key: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(stash, FIND, key)


def test_an_unknown_field_is_422() -> None:
    server = StashServer(library(), lacking=SINCE_URLS)
    with DemoSite(server, AccessLog()).running() as site:
        with pytest.raises(urllib.error.HTTPError) as told:
            ask(site, "{ findPerformer(id: 1) { urls } }", "")
        assert told.value.code == 422
        assert "urls" in told.value.read().decode()
        assert ask(site, "{ findPerformer(id: 1) { url } }", "")["data"]


def test_one_update_replaces_a_list_and_many_add(stash: DemoSite) -> None:
    links = ["https://example.org/other"]
    assert (
        ask(stash, SET, input={"id": 1, "urls": links})["data"]["performerUpdate"]["urls"] == links
    )
    add = {"ids": [1], "urls": {"values": ["https://example.org/3"], "mode": "ADD"}}
    told = ask(stash, ADD, input={**add, "custom_fields": {"partial": {"faces": 3}}})
    (changed,) = told["data"]["bulkPerformerUpdate"]
    assert changed["urls"] == [*links, "https://example.org/3"]
    assert changed["custom_fields"] == {"faces": 3}
    assert changed["alias_list"] == ["Mona Dahl"]
    assert changed["updated_at"] > "2025-05-01T12:00:03Z"


@pytest.mark.parametrize("alias", ["mona dahl", "AVA LINDQVIST"])
def test_names_that_differ_by_case_are_refused_for_all(stash: DemoSite, alias: str) -> None:
    add = {"ids": [2, 1], "alias_list": {"values": [alias], "mode": "ADD"}}
    assert "duplicate alias" in refusal(stash, ADD, input=add)
    kept = ask(stash, FIND, filter={"sort": "id"})["data"]["findPerformers"]["performers"][1]
    assert kept["alias_list"] == []


def test_a_performer_that_is_not_there(stash: DemoSite) -> None:
    assert "not found" in refusal(stash, SET, input={"id": 9, "name": "Nobody"})


def test_while_it_waits_for_its_migration() -> None:
    server = StashServer(library(), status="NEEDS_MIGRATION")
    with DemoSite(server, AccessLog()).running() as site:
        assert ask(site, "{ systemStatus { status } }", "")["data"]["systemStatus"]
        assert "not initialized" in ask(site, FIND, "")["errors"][0]["message"]


def test_boxes_are_named_by_their_endpoint(stash: DemoSite) -> None:
    query = "{ configuration { general { stashBoxes { endpoint name } } } }"
    boxes = ask(stash, query)["data"]["configuration"]["general"]["stashBoxes"]
    assert boxes == [{"endpoint": BOX, "name": "stashdb"}]
