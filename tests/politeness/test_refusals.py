import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.politeness.refusals import (
    RefusalKind,
    classify_refusal,
    find_challenge_marks,
    is_still_challenged,
)

JUST_A_MOMENT = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body>"
BLOCK_1020 = (
    b"<html><head><title>Access denied | www.example.com used Cloudflare</title></head>"
    b'<body><div id="cf-error-details"><h1>Error <span class="cf-error-code">1020</span></h1>'
)
ATTENTION = (
    b"<html><title>Attention Required! | Cloudflare</title>"
    b'<div id="cf-error-details"><h1>Sorry, you have been blocked</h1></div>'
)
ERROR_1015 = (
    b"<html><title>Access denied | www.example.com used Cloudflare to restrict access</title>"
    b'<span class="cf-error-code">1015</span><h2>You are being rate limited</h2>'
)
GOOD_PAGE = (
    b"<html><head><title>Mira Vantongeren</title>"
    b'<script src="https://cdnjs.cloudflare.com/ajax/libs/x.js"></script>'
    b'<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script></head>'
    b'<body><h1 id="babename">Mira Vantongeren</h1><div class="cf-turnstile"></div></body></html>'
)


def kind(status, body=b"", **headers):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = classify_refusal(status, fields, body)
    return refusal.kind if refusal else None


@pytest.mark.parametrize("status", [403, 503, 429, 200])
@pytest.mark.parametrize("name", ["cf-mitigated", "Cf-Mitigated", "CF-MITIGATED"])
def test_cf_mitigated_is_read_before_the_status(status, name):
    refusal = classify_refusal(status, {name: "challenge"}, b"")
    assert refusal.kind is RefusalKind.CHALLENGE


@pytest.mark.parametrize(
    "body",
    [
        JUST_A_MOMENT,
        b"<TITLE>\n Just a moment\xe2\x80\xa6</TITLE>",
        b"<script>window._cf_chl_opt={cvId:'3'};</script>",
        b'<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>',
        b'<span id="challenge-error-text">Enable JavaScript and cookies to continue</span>',
        b"<form id='challenge-form' action='/x' method=POST>",
        b'<div class="box cf-turnstile" data-sitekey=x></div>',
        b'<input type="hidden" name="cf-turnstile-response" id="x">',
    ],
)
@pytest.mark.parametrize("status", [403, 503, 429])
def test_each_mark_of_a_challenge_page(status, body):
    assert kind(status, body, server="cloudflare") is RefusalKind.CHALLENGE


@pytest.mark.parametrize("body", [BLOCK_1020, ATTENTION, b"<title>Access denied</title>"])
def test_blocks(body):
    assert kind(403, body, server="cloudflare") is RefusalKind.BLOCK


def test_a_block_names_its_code():
    assert classify_refusal(403, {}, BLOCK_1020).detail == "block: error 1020"


@pytest.mark.parametrize("status", [429, 403, 503])
def test_error_1015_is_a_rate_limit(status):
    assert kind(status, ERROR_1015) is RefusalKind.RATE_LIMIT


def test_429_without_a_word_is_a_rate_limit():
    assert kind(429, b"slow down", retry_after="5") is RefusalKind.RATE_LIMIT


@pytest.mark.parametrize("status", range(520, 527))
def test_origin_down(status):
    assert kind(status, b"<title>example.com | 5xx</title>") is RefusalKind.ORIGIN_DOWN


def test_a_plain_403_is_neither_block_nor_challenge():
    assert kind(403, b"<title>403 Forbidden</title>nginx", server="cloudflare") is (
        RefusalKind.FORBIDDEN
    )


@pytest.mark.parametrize("status", [200, 404, 410, 301, 500, 502, 519, 527])
def test_answers_and_plain_errors_are_no_refusals(status):
    assert kind(status, GOOD_PAGE, server="cloudflare") is None


def test_a_challenge_that_says_200_is_still_one():
    assert kind(200, JUST_A_MOMENT) is RefusalKind.CHALLENGE


def test_a_page_about_being_just_a_moment_away_is_none():
    assert find_challenge_marks(b"<title>Just a moment in time, a biography</title>") == ()


def test_a_browser_page_is_judged_by_its_marks():
    widget = JUST_A_MOMENT + b'<div class="cf-turnstile"></div>'
    assert is_still_challenged(JUST_A_MOMENT, JUST_A_MOMENT)
    assert not is_still_challenged(JUST_A_MOMENT, GOOD_PAGE)
    assert is_still_challenged(widget, b'<html><div class="cf-turnstile"></div>')


def test_marks_far_beyond_a_refusal_page_are_not_searched():
    assert kind(403, b"x" * 300_000 + JUST_A_MOMENT) is RefusalKind.FORBIDDEN


@given(st.integers(100, 599), st.dictionaries(st.text(), st.text()), st.binary())
def test_it_never_raises(status, headers, body):
    refusal = classify_refusal(status, headers, body)
    assert refusal is None or refusal.detail.startswith(refusal.kind.value)
