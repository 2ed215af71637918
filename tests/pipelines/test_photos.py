import asyncio
import hashlib

import pytest
from scrapy.exceptions import DownloadTimeoutError, DropItem
from scrapy.http import Response

from enrichscrapy.core.refused import RequestRefused
from enrichscrapy.items import Outcome, PhotoOutcome, Profile
from enrichscrapy.pipelines.photos import PhotosPipeline
from tests.database.builders import PAGE, lookup, photo

PICS = "https://www.babepedia.com/pics"
URLS = tuple(f"{PICS}/{name}.jpg" for name in "abcd")


@pytest.fixture
def fetch(database, model, stats, performer):
    """``fetch(answers)``: the lookup after the stage; each answer is a body, a status or an error.
    ``fetch.asked`` are the addresses asked for."""

    def run(answers, *, most=10, faces=True, urls=URLS):
        left = list(answers)
        run.asked = []

        async def download(request):
            run.asked.append(request.url)
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            status, body = (answer, b"") if isinstance(answer, int) else (200, answer)
            return Response(request.url, status=status, body=body)

        stage = PhotosPipeline(database, model, stats, download, most, faces)
        item = lookup(performer, profile=Profile("Asta Quernholt", PAGE, photo_urls=urls))
        return asyncio.run(stage.process_item(item))

    return run


def outcomes(item):
    return [photo.outcome for photo in item.photos]


def test_bytes_come_with_their_digest_and_the_same_ones_count_once(fetch):
    item = fetch([b"one", b"two", b"one", b""])
    assert [photo.url for photo in item.photos] == fetch.asked == list(URLS)
    assert [photo.data for photo in item.photos] == [b"one", b"two", None, None]
    assert item.photos[0].sha256 == hashlib.sha256(b"one").hexdigest()
    assert outcomes(item) == [None, None, PhotoOutcome.DUPLICATE, PhotoOutcome.UNREADABLE]
    assert item.outcome is Outcome.FOUND


def test_what_is_known_is_not_asked_for_and_no_more_than_allowed(fetch, db, model_id, performer):
    from enrichscrapy.database.ledger import RetryPolicy
    from enrichscrapy.database.store import store_lookup

    known = lookup(performer, photos=[photo("a"), photo("b")])
    store_lookup(db, known, model_id=model_id, retry=RetryPolicy(), judge=None)
    assert outcomes(fetch([b"new"], most=1)) == [None]
    assert fetch.asked == [URLS[2]]


def test_what_may_come_later_is_the_lookups_own_outcome_and_the_rest_is_still_fetched(fetch):
    item = fetch([500, DownloadTimeoutError("slow"), 404, b"four"])
    failed = PhotoOutcome.FAILED
    assert outcomes(item) == [failed, failed, PhotoOutcome.MISSING, None]
    assert (item.outcome, item.detail) == (Outcome.FAILED, "photo: timeout")


def test_a_host_that_blocks_is_asked_for_no_further_photo(fetch):
    item = fetch([b"one", RequestRefused(Outcome.BLOCKED, "block: http 403")])
    assert fetch.asked == list(URLS[:2])
    assert (item.outcome, item.detail) == (Outcome.BLOCKED, "photo: block: http 403")


@pytest.mark.parametrize(
    ("detail", "outcome"),
    [
        ("robots", PhotoOutcome.REFUSED),
        ("address: private", PhotoOutcome.REFUSED),
        ("too large: 99 MB", PhotoOutcome.TOO_LARGE),
    ],
)
def test_a_refusal_that_would_be_met_again_is_final(fetch, detail, outcome):
    item = fetch([RequestRefused(Outcome.FAILED, detail)], urls=URLS[:1])
    assert (outcomes(item), item.outcome) == ([outcome], Outcome.FOUND)


def test_a_crawl_that_is_ending_drops_a_lookup_without_any_photo(fetch, stats):
    ending = RequestRefused(Outcome.FAILED, "the crawl is ending", transient=True)
    with pytest.raises(DropItem):
        fetch([ending])
    assert stats.get_value("lookups/postponed") == 1
    assert outcomes(fetch([b"one", ending, ending, ending]))[0] is None, "what was got is stored"


def test_without_faces_the_addresses_are_all(fetch):
    item = fetch([], faces=False)
    assert [photo.url for photo in item.photos] == list(URLS)
    assert fetch.asked == []
