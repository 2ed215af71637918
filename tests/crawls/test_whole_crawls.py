"""Both spiders in both modes against the demo sites: rows, vectors and index that come out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from demo.people import (
    PEOPLE,
    babepedia_profiles,
    iafd_profiles,
    write_known_faces,
    write_performers,
)
from demo.sites import DemoSites
from enrichscrapy.database.schema import (
    faces,
    lookups,
    performers,
    photo_results,
    photos,
    proposals,
)
from enrichscrapy.index import FaceIndex
from tests.support import Workplace, databases_on

NAMES = {
    "Tessa Quillmark",
    "Orla Fenwright",
    "Maren Solvik",
    "Cleo Marrowind",
    "Nadia Ostrowen",
    "Freya Lundmoor",
    "Viola Castermane",
    "Greta Ashgrove",
    "Hanna Wildecott",
    "Kira O'Mallin",
    "Zoë Dubréaux",
    "Anna Belcroft",
    "Bruno Steinwald",
    "Iris Vanewood",
    "Wren Holmgate",
    "Sunniva Raske",
    "Xenia Morvay",
}
CAST = [person for person in PEOPLE if person.name in NAMES]


class World:
    """A workplace, its sites, and what their logs held after each crawl."""

    def __init__(self, folder: Path, sites: DemoSites) -> None:
        self.sites = sites
        self.place = Workplace(folder)
        self.place.use_sites(sites.babepedia.url, sites.iafd.url)
        self.logs: dict[str, list[str]] = {}

    def fill(self) -> None:
        write_performers(self.place.folder / "performers.jsonl", CAST)
        write_known_faces(self.place.folder / "known", CAST)
        for command in (
            ("import-performers", str(self.place.folder / "performers.jsonl")),
            ("import-faces", str(self.place.folder / "known")),
        ):
            done = self.place.run(*command)
            assert done.returncode == 0, done.stderr

    def crawl(self, title: str, spider: str, **arguments: object) -> None:
        site = getattr(self.sites, spider)
        before = len(site.entries)
        done = self.place.crawl(spider, jobdir=True, **arguments)
        assert done.returncode == 0, done.stderr
        self.logs[title] = [f"{e['kind']} {e['path']}" for e in site.entries[before:]]

    def rows(self, query):
        with self.place.database() as database, database.read() as connection:
            return connection.execute(query).all()

    def outcomes(self, source: str, mode: str) -> dict[str, str]:
        query = (
            select(performers.c.canonical_name, performers.c.disambiguation, lookups.c.outcome)
            .join(lookups, lookups.c.performer_id == performers.c.id)
            .where(lookups.c.source == source, lookups.c.mode == mode)
        )
        return {f"{name} {what}" if what else name: o for name, what, o in self.rows(query)}

    def verdicts(self, name: str, source: str) -> Counter[str]:
        query = (
            select(faces.c.verdict)
            .join(performers, performers.c.id == faces.c.performer_id)
            .where(performers.c.canonical_name == name, faces.c.source == source)
        )
        return Counter(verdict for (verdict,) in self.rows(query))


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)]
)
def databases(request):
    """Of which kind the whole module's are."""
    if request.param == "sqlite":
        yield
        return
    with databases_on(request.getfixturevalue("postgres")):
        yield


@pytest.fixture(scope="module")
def world(databases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    with DemoSites(babepedia_profiles(CAST), iafd_profiles(CAST)) as sites:
        world = World(folder, sites)
        world.fill()
        world.crawl("babepedia", "babepedia", mode="url")
        world.crawl("babepedia again", "babepedia", mode="url")
        world.crawl("iafd", "iafd", mode="name")
        world.crawl("iafd again", "iafd", mode="name")
        yield world


def test_every_link_is_looked_up_and_ends(world):
    assert world.outcomes("babepedia", "url") == {
        "Tessa Quillmark": "found",
        "Orla Fenwright": "found",
        "Maren Solvik": "found",
        "Cleo Marrowind": "found",
        "Nadia Ostrowen": "mismatch",
        "Freya Lundmoor": "absent",
        "Viola Castermane": "found",
        "Greta Ashgrove": "found",
        "Hanna Wildecott": "found",
        "Kira O'Mallin": "found",
        "Zoë Dubréaux": "found",
        "Anna Belcroft born 1985": "found",
        "Anna Belcroft born 1994": "found",
    }


def test_names_find_the_right_namesake_or_nobody(world):
    assert world.outcomes("iafd", "name") == {
        "Tessa Quillmark": "found",
        "Orla Fenwright": "found",
        "Maren Solvik": "found",
        "Cleo Marrowind": "found",
        "Nadia Ostrowen": "found",
        "Freya Lundmoor": "absent",
        "Viola Castermane": "absent",
        "Greta Ashgrove": "found",
        "Hanna Wildecott": "found",
        "Kira O'Mallin": "found",
        "Zoë Dubréaux": "found",
        "Anna Belcroft born 1985": "found",
        "Anna Belcroft born 1994": "found",
        "Bruno Steinwald": "found",
        "Iris Vanewood": "found",
        "Wren Holmgate": "found",
        "Sunniva Raske": "mismatch",
        "Xenia Morvay": "absent",
    }


def test_each_anna_has_her_own_page(world):
    query = (
        select(performers.c.disambiguation, lookups.c.url, photos.c.url)
        .join(lookups, lookups.c.performer_id == performers.c.id)
        .join(photos, photos.c.performer_id == performers.c.id)
        .where(performers.c.canonical_name == "Anna Belcroft", photos.c.source == "iafd")
        .where(lookups.c.source == "iafd")
    )
    headshots = {born: photo.rpartition("/")[2] for born, _, photo in world.rows(query)}
    assert headshots == {
        "born 1985": "annabelcroft_f_demo.jpg",
        "born 1994": "annabelcroft2_f_demo.jpg",
    }


def test_nothing_is_asked_for_twice_nor_again(world):
    for log in ("babepedia", "iafd"):
        asked = Counter(line for line in world.logs[log] if line.startswith("photo"))
        assert [line for line, times in asked.items() if times > 1] == []
    again = world.logs["babepedia again"] + world.logs["iafd again"]
    assert [line for line in again if not line.startswith("robots")] == []


def test_only_the_profiles_own_photos_are_asked_for(world):
    paths = [line for line in world.logs["babepedia"] if line.startswith("photo")]
    assert paths
    assert not [path for path in paths if "_thumb" in path]
    found = {name for name, o in world.outcomes("babepedia", "url").items() if o == "found"}
    found = {name.partition(" born")[0] for name in found}
    files = [path.rpartition("/")[2].removesuffix(".jpg") for path in paths]
    owners = {name.rstrip("0123456789 ") for name in files}
    assert owners <= found


def test_each_photo_has_its_outcome(world):
    query = (
        select(photo_results.c.outcome)
        .join(photos, photos.c.id == photo_results.c.photo_id)
        .join(performers, performers.c.id == photos.c.performer_id)
        .where(performers.c.canonical_name == "Greta Ashgrove", photos.c.source == "babepedia")
    )
    assert Counter(outcome for (outcome,) in world.rows(query)) == {
        "faces": 2,
        "several_faces": 1,
        "no_face": 1,
        "unreadable": 1,
        "missing": 1,
        "duplicate": 2,
    }


def test_strangers_stay_out(world):
    assert set(world.verdicts("Tessa Quillmark", "babepedia")) == {"accepted"}
    assert world.verdicts("Cleo Marrowind", "babepedia")["accepted"] == 0
    orla = world.verdicts("Orla Fenwright", "babepedia")
    assert orla["accepted"] == 3
    assert orla.total() == 4


def test_own_photos_are_trusted(world):
    query = select(faces.c.verdict, faces.c.trusted).where(faces.c.source == "import")
    rows = world.rows(query)
    assert len(rows) == sum(person.known for person in CAST)
    assert {tuple(row) for row in rows} == {("accepted", True)}


def test_a_rejected_face_keeps_nothing(world):
    kept = world.rows(select(faces.c.verdict, faces.c.vector, faces.c.crop))
    for verdict, vector, crop in kept:
        assert (vector is None) == (verdict == "rejected")
        assert (crop is None) == (verdict == "rejected")


def test_the_index_is_the_accepted_faces_vector_by_vector(world):
    stored = {
        face_id: np.frombuffer(vector, dtype="<f4")
        for face_id, vector in world.rows(
            select(faces.c.id, faces.c.vector).where(faces.c.verdict == "accepted")
        )
    }
    index = FaceIndex.open_current(world.place.index_dir, None)
    assert index is not None
    assert index.count == len(stored) > 20
    for face_id, vector in stored.items():
        assert vector.shape == (512,)
        assert np.isclose(np.linalg.norm(vector), 1.0, atol=1e-5)
        ids, similarities = index.search(vector[None, :], 1)
        assert (int(ids[0, 0]), float(similarities[0, 0])) == (
            face_id,
            pytest.approx(1.0, abs=1e-5),
        )
    assert world.place.run("verify").returncode == 0


def test_what_a_page_adds_is_a_proposal(world):
    query = select(performers.c.canonical_name, proposals.c.value).join(
        performers, performers.c.id == proposals.c.performer_id
    )
    assert ("Wren Holmgate", "Wren Holms") not in [tuple(row) for row in world.rows(query)]
    names = world.rows(select(performers.c.canonical_name))
    assert len(names) == len(CAST)  # no performer comes from a site


def test_info_logs_carry_ids_only(world):
    done = world.place.crawl("babepedia", mode="name")
    assert done.returncode == 0
    told = [person.name for person in CAST if person.name in done.stderr]
    assert told == []
