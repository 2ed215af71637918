"""One library of invented people is the same performers, whichever way it comes in."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from demo.people import portrait
from demo.sites import AccessLog, DemoSite
from demo.stash import SINCE_URLS, StashLibrary, StashPerformer, StashServer, write_stash_file
from enrichscrapy.faces.model import resolve_model
from enrichscrapy.importing.libraries import open_file, open_server
from enrichscrapy.importing.performers import import_records
from enrichscrapy.lookups.judge import Judge
from enrichscrapy.lookups.neighbours import Neighbourhood
from enrichscrapy.lookups.own_photos import OwnPhotos
from enrichscrapy.lookups.stash_pictures import StashPictures
from enrichscrapy.verdicts import Limits, Thresholds
from tests.support import STAND_IN, open_database

BOXES = ("https://stashdb.org/graphql", "https://fansdb.cc/graphql")
MAX_BYTES = 30_000_000
FACES = ("file, schema 28", "file, schema 86", "server")


def library(pictures: int) -> list[StashPerformer]:
    """30 people; some facts are missing of each, and some have no stash-box id."""
    return [_person(number, pictures) for number in range(1, 31)]


def _person(number: int, pictures: int) -> StashPerformer:
    first = ("Ava", "Cleo", "Mona", "Ilse", "Juno")[number % 5]
    years = (f"{1970 + number}", f"{1970 + number}-04-1{number % 10}")
    ids = [(box, f"{number:08}-000{n}-4000-8000-00000000000a") for n, box in enumerate(BOXES)]
    links = [
        f"https://www.babepedia.com/babe/{first}_Invented_{number}",
        f"https://www.twitter.com/{first.lower()}{number}",
        f"https://www.instagram.com/{first.lower()}.{number}",
    ]
    return StashPerformer(
        number,
        f"{first} Invented {number}",
        gender=("FEMALE", "MALE", "TRANSGENDER_FEMALE", None)[number % 4],
        birthdate=(*years, None)[number % 3],
        death_date="2021-02-03" if number == 5 else None,
        country=("SE", "US", None)[number % 3],
        height_cm=170 if number % 2 else None,
        eye_color="blue" if number % 2 else None,
        career_length="2012 - 2019" if number % 2 else None,
        career_start="2012" if number % 2 else None,
        career_end="2019" if number % 2 else None,
        urls=links[: number % 4],
        alias_list=[f"{first} Second", f"Third {number}"][: number % 3],
        stash_ids=ids[: number % 3],
        image=portrait(number, number) if number <= pictures else None,
    )


def write_stash_sense2(path: Path, cast: list[StashPerformer]) -> Path:
    """stash-sense's successor knows who is in a stash-box, and calls boxes by their domains."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            """
            CREATE TABLE performers(id INTEGER PRIMARY KEY, canonical_name TEXT NOT NULL,
              gender TEXT, country TEXT, birth_date TEXT, death_date TEXT, height_cm INTEGER,
              eye_color TEXT, career_start_year INTEGER, career_end_year INTEGER,
              face_count INTEGER);
            CREATE TABLE stashbox_ids(performer_id, endpoint TEXT, stashbox_performer_id TEXT);
            CREATE TABLE performer_urls(performer_id INTEGER, url TEXT, url_type TEXT,
              source_endpoint TEXT);
            CREATE TABLE aliases(id INTEGER PRIMARY KEY, performer_id INTEGER, alias TEXT,
              source_endpoint TEXT);
            CREATE TABLE faces(id INTEGER PRIMARY KEY, performer_id INTEGER,
              embedding_index INTEGER);
            """
        )
        for each in cast:
            row = (each.id, each.name, each.gender, each.country, each.birthdate, each.death_date)
            row += (each.height_cm, each.eye_color, each.career_start, each.career_end)
            connection.execute(f"INSERT INTO performers VALUES ({'?, ' * 10}NULL)", row)
            for url in each.urls:
                values = (each.id, url, "home", "stashdb.org")
                connection.execute("INSERT INTO performer_urls VALUES (?, ?, ?, ?)", values)
            for alias in each.alias_list:
                values = (each.id, alias, "stashdb.org")
                insert = "INSERT INTO aliases VALUES (NULL, ?, ?, ?)"
                connection.execute(insert, values)
            for box, value in each.stash_ids:
                values = (each.id, box.split("/")[2], value)
                connection.execute("INSERT INTO stashbox_ids VALUES (?, ?, ?)", values)
    return path


@contextmanager
def served(cast, **options):
    server = StashServer(StashLibrary(cast), **options)
    with DemoSite(server, AccessLog()).running() as site:
        yield site


@contextmanager
def opened(way: str, db, folder: Path, cast):
    if way.startswith("file"):
        schema = int(way.rpartition(" ")[2])
        path = folder / "stash-go.sqlite"
        path.unlink(missing_ok=True)
        yield open_file(write_stash_file(path, cast, schema), db, None, MAX_BYTES)
    elif way == "stash-sense2":
        path = write_stash_sense2(folder / "performers2.db", cast)
        yield open_file(path, db, None, MAX_BYTES)
    else:
        lacking = SINCE_URLS if way == "older server" else frozenset()
        with served(cast, lacking=lacking) as site:
            yield open_server(site.url, "", db, MAX_BYTES)


def bring_in(way, db, folder, cast, looker=None):
    with opened(way, db, folder, cast) as library, closing(library):
        summary = import_records(db, library.reader, library.name)
        if looker and library.pictures:
            judge = Judge(Thresholds(), Limits(5, 20), {"import": "user"})
            judge = judge.for_model(looker.info, None, resolve_model(STAND_IN))
            model_id = db.faces.ensure_model(looker.info)
            around = Neighbourhood(None, db.faces)
            photos = OwnPhotos(db, looker, model_id, judge, around)
            list(StashPictures(photos, library.pictures, library.name).take_all())
        library.finish(db)
    return summary


def facts(db):
    """Everything of the performers that was imported, by name."""
    return {
        each.canonical_name: (
            each.gender,
            each.birth_date,
            each.country,
            set(each.aliases),
            set(each.urls),
            set(each.stashbox_ids),
        )
        for each in db.iter_performers_after_id()
    }


def columns(db):
    names = "canonical_name, death_date, height_cm, eye_color, career_start_year, career_end_year"
    with closing(sqlite3.connect(db.path)) as connection:
        return set(connection.execute(f"SELECT {names} FROM performers"))


def faces(db):
    """By name: verdict, trust, reason, photo and vector of each face."""
    return {
        each.canonical_name: [
            (face.verdict, face.trusted, face.reason, face.photo_url, face.vector.tobytes())
            for face in db.get_faces(each.id)
        ]
        for each in db.iter_performers_after_id()
    }


def check_all_ways(folder, looker, pictures):
    cast = library(pictures)
    known, looks = None, None
    ways = [f"file, schema {schema}" for schema in (28, 45, 62, 75, 78, 86)]
    for way in (*ways, "server", "older server", "stash-sense2"):
        path = folder / way
        path.mkdir()
        with open_database(path / "performers.db") as db:
            looking = looker if way in FACES else None
            summary = bring_in(way, db, path, cast, looking)
            assert (summary.added, summary.faultless) == (30, True), way
            found = (facts(db), columns(db))
            assert found == (known or found), way
            known = found
            if looking:
                seen = faces(db)
                assert seen == (looks or seen), way
                assert sum(map(len, seen.values())) == pictures, way
                looks = seen
    assert known[0][cast[0].name][1] == cast[0].birthdate


def test_every_way_gives_the_same_performers_and_first_faces(tmp_path, looker):
    check_all_ways(tmp_path, looker, pictures=2)


@pytest.mark.long
def test_every_way_gives_the_same_first_faces_of_everybody(tmp_path, looker):
    check_all_ways(tmp_path, looker, pictures=30)


def test_one_way_after_another_adds_nobody(db, tmp_path, looker):
    cast = library(pictures=1)
    assert bring_in("file, schema 45", db, tmp_path, cast, looker).added == 30
    before = facts(db), faces(db)
    for way in ("server", "file, schema 86", "older server", "stash-sense2"):
        summary = bring_in(way, db, tmp_path, cast, looker)
        assert (summary.added, summary.updated, summary.unchanged) == (0, 0, 30), way
        assert (facts(db), faces(db)) == before, way
