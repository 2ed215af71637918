"""The example of docs/adding-a-source.md, put into a copy of the package and crawled."""

import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select

from demo.people import PEOPLE, babepedia_profiles, write_known_faces, write_performers
from enrichscrapy.database.schema import external_urls, faces, lookups, photos
from tests.support import PATIENCE, PROJECT, Workplace

EXAMPLE = PROJECT / "docs" / "example"
TESSA = next(person for person in PEOPLE if person.name == "Tessa Quillmark")
ABSENT = next(person for person in PEOPLE if person.name == "Maren Solvik")


class CastList(BaseHTTPRequestHandler):
    """The invented site: three pages from docs/example/pages, two photos."""

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        path = self.path.partition("?")[0]
        portraits = babepedia_profiles([TESSA])[0].photos
        kind, status = "text/html; charset=utf-8", 200
        if match := re.fullmatch(r"/photos/tessa-(\d)\.jpg", path):
            kind, body = "image/jpeg", portraits[int(match[1]) - 1].draw()
        elif path == "/robots.txt":
            kind, body = "text/plain", b"User-agent: *\nDisallow:\n"
        elif path == "/p/tessa-quillmark":
            body = (EXAMPLE / "pages" / "profile.html").read_bytes()
        elif path == "/find" and "Tessa" in self.path:
            body = (EXAMPLE / "pages" / "search.html").read_bytes()
        else:
            body = (EXAMPLE / "pages" / "nobody.html").read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def site():
    with ThreadingHTTPServer(("127.0.0.1", 0), CastList) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join(timeout=PATIENCE)


@pytest.fixture
def place(tmp_path, site):
    """A copy of the package with the example's two files in it, and nothing else changed."""
    package = tmp_path / "source" / "enrichscrapy"
    shutil.copytree(PROJECT / "enrichscrapy", package)
    (package.parent / "demo").symlink_to(PROJECT / "demo")
    shutil.copytree(EXAMPLE / "sites" / "castlist", package / "sites" / "castlist")
    shutil.copy(EXAMPLE / "spiders" / "castlist.py", package / "spiders")
    made = Workplace(tmp_path)
    made.of_the_copy = {
        "CASTLIST_BASE_URL": f"http://127.0.0.1:{site.server_port}",
        "DELAY_FLOORS": '{"babepedia": 3, "iafd": 2, "castlist": 0}',
        "TRUST_LEVELS": '{"castlist": "high", "import": "user"}',
        "DELAY_JITTER": "0",
    }
    return made


def scrapy(place, *arguments, **settings) -> subprocess.CompletedProcess[str]:
    """Run a command of the copy, which takes a process of its own."""
    source, settings = place.folder / "source", {**place.of_the_copy, **settings}
    return subprocess.run(
        place.command(*arguments, **settings),
        cwd=place.folder,
        env={
            **place.environment(),
            "PYTHONPATH": str(source),
            "SCRAPY_SETTINGS_MODULE": "enrichscrapy.settings",
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.long
def test_the_example_crawls_by_link_and_by_name_and_keeps_its_contracts(place, site):
    write_performers(place.folder / "performers.jsonl", [TESSA, ABSENT])
    write_known_faces(place.folder / "known", [TESSA])
    for done in (
        place.run("import-performers", str(place.folder / "performers.jsonl")),
        place.run("import-faces", str(place.folder / "known")),
        scrapy(place, "crawl", "castlist", "-a", "mode=name"),
    ):
        assert done.returncode == 0, done.stderr

    with place.database() as database, database.read() as connection:
        outcomes = dict(
            connection.execute(
                select(lookups.c.performer_id, lookups.c.outcome).where(
                    lookups.c.source == "castlist"
                )
            ).all()
        )
        assert outcomes == {1: "found", 2: "absent"}
        seen = connection.scalars(select(photos.c.url).where(photos.c.source == "castlist")).all()
        assert sorted(seen) == [
            "https://www.castlist.example/photos/tessa-1.jpg",
            "https://www.castlist.example/photos/tessa-2.jpg",
        ]
        verdicts = connection.scalars(
            select(faces.c.verdict).where(faces.c.source == "castlist")
        ).all()
        assert verdicts
    assert "/photos/stranger.jpg" not in site.asked

    checked = scrapy(place, "check", "castlist")
    assert checked.returncode == 0, checked.stderr
    status = scrapy(place, "status")
    assert "castlist" in status.stdout


@pytest.mark.long
def test_a_link_of_the_new_site_is_known_by_its_host(place, site):
    (place.folder / "performers.csv").write_text(
        "id,name,urls\n1,Tessa Quillmark,http://castlist.example/p/tessa-quillmark/?ref=1\n"
    )
    done = scrapy(place, "import-performers", str(place.folder / "performers.csv"))
    assert done.returncode == 0, done.stderr
    with place.database() as database, database.read() as connection:
        links = connection.execute(select(external_urls.c.site, external_urls.c.url)).all()
    assert links == [("castlist", "https://www.castlist.example/p/tessa-quillmark")]
    done = scrapy(place, "crawl", "castlist", "-a", "mode=url", FACES_ENABLED=0)
    assert done.returncode == 0, done.stderr
    assert site.asked.count("/p/tessa-quillmark") == 1


def test_the_pages_code_blocks_are_the_files(place):
    """What the page quotes stands in the files, so that neither can go its own way."""
    page = (PROJECT / "docs" / "adding-a-source.md").read_text()
    spider = (EXAMPLE / "spiders" / "castlist.py").read_text()
    site = (EXAMPLE / "sites" / "castlist" / "__init__.py").read_text()
    quoted = re.findall(r"^(?:NAME|HOME|HOSTS|PHOTO_HOSTS) = [^#\n]*", page, re.M)
    assert len(quoted) == 4
    assert all(line.rstrip() in site for line in quoted)
    lines = ['    name = "castlist"', '    source_name = "castlist"', "    gender_filter = None"]
    assert all(line in page and line in spider for line in lines)
