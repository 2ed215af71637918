"""With every feature on: after ``forget``, no file under the working folder knows the person."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import select

from demo.people import (
    PEOPLE,
    STRANGERS,
    babepedia_profiles,
    iafd_profiles,
    list_stash_performers,
    portrait,
    write_known_faces,
)
from demo.sites import AccessLog, DemoSite, DemoSites
from demo.stash import StashLibrary, StashPerformer, StashServer, write_stash_file
from enrichscrapy.database.schema import faces, photos
from tests.support import Workplace

pytestmark = pytest.mark.on_both()

FILE = "stash-go.sqlite"
CAST = [each for each in PEOPLE if each.name in ("Tessa Quillmark", "Greta Ashgrove")]
PERSON = next(each for each in CAST if each.name == "Tessa Quillmark")


@pytest.fixture
def place(tmp_path):
    place = Workplace(tmp_path)
    place.settings |= {
        "KEEP_PHOTOS": str(tmp_path / "kept"),
        "LOG_LEVEL": "DEBUG",
    }
    write_stash_file(tmp_path / FILE, list_stash_performers(CAST))
    write_known_faces(tmp_path / "known", CAST, but_first=True)
    # A stranger's photo among her own: it waits, and so she is in the report.
    (tmp_path / "known" / PERSON.stash_id / "other.jpg").write_bytes(portrait(STRANGERS + 4, 1))
    with DemoSites(babepedia_profiles(CAST), iafd_profiles(CAST)) as sites:
        place.use_sites(sites.babepedia.url, sites.iafd.url)
        yield place


def work(place):
    """Everything that leaves files, some of it in the middle of something."""
    folder, crawl = place.folder, {"jobdir": True, "LOG_FILE": place.folder / "crawl.log"}
    succeed(place.run("import-performers", str(folder / FILE), "--faces"))
    assert "waits for you" in place.run("import-faces", str(folder / "known")).stderr
    succeed(place.crawl("babepedia", mode="url", limit=1, **crawl))
    leave_a_jobdir_behind(folder / "jobs" / "babepedia")
    refused = place.crawl("babepedia", FACE_MODEL="no.such.Model", **crawl)
    assert refused.returncode != 0
    assert list((folder / "jobs").glob("babepedia.set-aside-*"))
    succeed(place.crawl("babepedia", mode="url", **crawl))
    succeed(place.crawl("iafd", mode="name", **crawl))
    assert place.run("proposals", "accept", "--all-confirmed").stdout
    send_home(place)
    succeed(place.run("report", "-o", str(folder / "report.html")))
    succeed(place.run("export", "-o", str(folder / "export")))
    succeed(place.run("export", "--format", "usearch", "-o", str(folder / "usearch")))
    succeed(place.run("export", "--format", "faiss", "-o", str(folder / "faiss")))
    succeed(place.run("export", "--format", "folder", "-o", str(folder / "crops")))
    with closing(sqlite3.connect(place.database_path)) as here:
        (folder / "backup").mkdir()
        with closing(sqlite3.connect(folder / "backup" / "performers.db")) as copy:
            here.backup(copy)
    with place.database() as db:
        db.artefacts.register("backup", folder / "backup" / "performers.db")


def send_home(place):
    """Everything accepted goes into a Stash of the same people."""
    people = [
        StashPerformer(p.number, p.name, stash_ids=[("stashdb.org", p.stash_id)]) for p in CAST
    ]
    library = StashLibrary(people)
    with DemoSite(StashServer(library), AccessLog()).running() as stash:
        succeed(place.run("push-stash", stash.url, "--apply"))
    assert all(person.custom_fields for person in library.performers.values())


def leave_a_jobdir_behind(path):
    """As a kill does: in use, and with requests in it."""
    record = json.loads((path / "enrichscrapy.json").read_text())
    (path / "enrichscrapy.json").write_text(json.dumps({**record, "ended": "", "files": {}}))
    (path / "requests.queue").mkdir(exist_ok=True)
    (path / "requests.queue" / "0").write_text("https://www.babepedia.com/babe/Tessa_Quillmark")


def succeed(done):
    assert done.returncode == 0, done.stdout + done.stderr


def traces(place):
    """What would tell of the person, by kind, in any file."""
    found = {"name": b"tessa quillmark", "slug": b"tessa_quillmark", "iafd": b"tessaquillmark"}
    found["id"] = PERSON.stash_id.encode()
    with place.database() as db, db.read() as connection:
        mine = select(faces.c.id, faces.c.vector, faces.c.crop).where(faces.c.performer_id == 1)
        for face_id, vector, crop in connection.execute(mine):
            if vector is not None:
                found |= {f"vector {face_id}": vector[:200], f"crop {face_id}": crop[-100:-20]}
        digests = select(photos.c.sha256).where(photos.c.performer_id == 1)
        for number, digest in enumerate(filter(None, connection.scalars(digests))):
            found[f"photo {number}"] = digest.encode()
    return found


def sweep(folder, wanted):
    """(file, what) for each trace in a file, its name or its digest."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file() and "known" not in path.parts and path.name != FILE:
            raw = path.read_bytes()
            whole = b"\n".join([raw, raw.lower(), str(path.relative_to(folder)).lower().encode()])
            whole += hashlib.sha256(raw).hexdigest().encode()
            for kind, trace in wanted.items():
                if trace in whole:
                    found.add((str(path.relative_to(folder)), kind))
    return found


@pytest.mark.sqlite_only
def test_nothing_is_left_of_a_forgotten_person(place):
    work(place)
    wanted = traces(place)
    before = sweep(place.folder, wanted)
    kinds = {kind.split()[0] for _, kind in before}
    assert kinds == {kind.split()[0] for kind in wanted}, "this test looks for nothing"
    places = {name.split("/")[0].split(".set-aside")[0] for name, _ in before}
    files = {"kept", "crawl.log", "report.html", "export", "faiss", "usearch", "crops"}
    assert places >= files | {"index", "backup"}
    done = place.run("forget", "--yes", "Tessa Quillmark")
    succeed(done)
    assert sweep(place.folder, wanted) == set()
    with place.database() as db:
        assert [each.canonical_name for each in db.iter_performers_after_id()] == ["Greta Ashgrove"]
    for path in (place.folder / "crawl.log", *place.folder.rglob("jobs/**/*")):
        assert path.stat().st_mode & 0o077 == 0, path
    succeed(place.run("forget", "--yes", "1"))
    succeed(place.run("verify"))
