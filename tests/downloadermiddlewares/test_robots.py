import pytest

from enrichscrapy.downloadermiddlewares.robots import read_rules

JPEG = b"\xff\xd8\xff\xe0"
RULES = "User-agent: *\nDisallow: /private/\nAllow: /private/open\nDisallow: /pics/hidden\n"


def test_no_disallowed_page_slips_past_while_robots_txt_is_in_flight(server, crawl, reply, photo):
    server.answers |= {
        "/robots.txt": reply(RULES),
        "/pics/1.jpg": reply(JPEG, Content_Type="image/jpeg"),
    }
    wanted = [f"/private/{n}" for n in range(8)]
    crawled = crawl(
        *wanted,
        photo("/pics/hidden1.jpg"),
        photo("/pics/1.jpg"),
        "/private/open",
        "/page",
        together=True,
    )
    for refused in crawled.results[:9]:
        assert (refused["outcome"], refused["detail"]) == ("blocked", "robots")
        assert not refused["transient"]
    assert [r["status"] for r in crawled.results[9:]] == [200, 200, 200]
    assert sorted(server.paths) == ["/page", "/pics/1.jpg", "/private/open", "/robots.txt"]
    assert crawled.stats["requests/disallowed"] == 9
    assert crawled.stats["finish_reason"] == "finished"


def test_rules_for_this_program_by_name(server, crawl, reply):
    rules = "User-agent: enrichscrapy\nDisallow: /a\n\nUser-agent: scrapy\nUser-agent: *\nDisallow:"
    server.answers["/robots.txt"] = reply(rules)
    assert crawl("/a", "/b", CONTACT="scrapy@example.org").details == ["robots", None]


def hang(handler):
    handler.connection.settimeout(30)
    handler.connection.recv(1)  # until the client goes away


CHALLENGE = {"Cf_Mitigated": "challenge"}


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ({"status": 500}, "robots.txt: http 500"),
        ({"status": 503, "Retry_After": "1"}, "robots.txt: http 503"),
        ({"status": 403}, "robots.txt: forbidden: http 403"),
        ({"status": 401}, "robots.txt: http 401"),
        ({"status": 429}, "robots.txt: rate_limit: http 429"),
        ({"status": 522}, "robots.txt: origin_down: http 522"),
        ({"status": 403, **CHALLENGE}, "robots.txt: challenge: cf-mitigated"),
        ({"body": "<title>Just a moment...</title>"}, "robots.txt: challenge: title"),
        ({"Content_Length": 100, "Connection": "close"}, "robots.txt: cut short"),
        (
            {"status": 302, "Location": "https://evil.example/"},
            "robots.txt: address: host not allowed",
        ),
        (None, "robots.txt: timeout"),
    ],
)
def test_a_robots_txt_that_cannot_be_had_means_not_now(server, crawl, reply, answer, detail):
    server.answers["/robots.txt"] = hang if answer is None else reply(**answer)
    crawled = crawl("/page", "/other", DOWNLOAD_TIMEOUT=1)
    assert crawled.results[0]["detail"] == detail
    assert crawled.results[0]["outcome"] == "blocked"
    assert crawled.results[0]["transient"]
    assert crawled.results[1] is None or crawled.results[1]["transient"]
    assert crawled.stats["finish_reason"] == "blocked"
    assert server.paths == ["/robots.txt"]


@pytest.mark.parametrize("answer", [{"status": 404}, {"status": 410}, {"body": ""}])
def test_a_missing_robots_txt_allows_everything(server, crawl, reply, answer):
    server.answers["/robots.txt"] = reply(**answer)
    assert crawl("/page").results[0]["status"] == 200


def test_new_attempts_for_robots_txt_keep_the_pace(server, crawl, reply, in_turn):
    server.answers["/robots.txt"] = in_turn(reply(status=503), reply("User-agent: *\nDisallow:"))
    crawled = crawl("/page", RETRY_TIMES=2)
    assert crawled.results[0]["status"] == 200
    assert server.paths == ["/robots.txt", "/robots.txt", "/page"]
    assert server.gaps()[0] >= 1.0


def test_a_robots_txt_elsewhere_on_the_host_is_followed(server, crawl, reply):
    server.answers |= {
        "/robots.txt": reply(b"", status=301, Location="/rules"),
        "/rules": reply("User-agent: *\nDisallow: /x", Content_Type="text/plain"),
    }
    assert crawl("/x", "/y").details == ["robots", None]


def test_stale_rules_are_fetched_again(server, crawl, reply, in_turn):
    server.answers["/robots.txt"] = in_turn(
        reply("User-agent: *\nDisallow: /a"), reply("User-agent: *\nDisallow: /b")
    )
    assert crawl("/b", "/a", "/b", ROBOTS_MAX_AGE=0).details == [None, None, "robots"]
    assert server.paths.count("/robots.txt") == 3


def test_fresh_rules_are_not_fetched_again(server, crawl):
    crawl("/1", "/2", "/3")
    assert server.paths.count("/robots.txt") == 1


def test_a_pause_asked_for_by_request_rate(server, crawl, reply):
    server.answers["/robots.txt"] = reply("User-agent: *\nRequest-rate: 2/1s\n")
    crawl("/1", "/2")
    assert min(server.gaps()) >= 0.5


def test_they_can_be_ignored_only_out_loud(server, crawl, reply):
    server.answers["/robots.txt"] = reply("User-agent: *\nDisallow: /")
    crawled = crawl("/x", ROBOTSTXT_OBEY=False)
    assert crawled.results[0]["status"] == 200
    assert "ignores the sites' robots.txt" in crawled.log


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, b"x"), (404, b""), (410, b""), (400, b""), (403, None), (429, None), (500, None)],
)
def test_rules_text(status, expected):
    assert read_rules(status, b"x") == expected
