"""``scrapy verify`` and ``scrapy reindex``, as a user runs them."""

import pytest
from sqlalchemy import update

from enrichscrapy.database.schema import faces, performers
from enrichscrapy.index import publish, read_published_model
from tests.index.conftest import World
from tests.support import Workplace


@pytest.fixture
def place(tmp_path):
    return Workplace(tmp_path)


@pytest.fixture
def world(place):
    with place.database() as database:
        yield World(database)


def test_differences_are_named_and_fixed(place, world):
    world.add(1, 2, 3)
    done = place.run("verify")
    assert (done.returncode, done.stdout) == (
        1,
        "missing_index: 3 accepted faces are in no index\n",
    )
    assert "scrapy reindex" in done.stderr

    done = place.run("reindex")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Published generation 00000001: 3 faces.\n"
    done = place.run("verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "holds exactly" in done.stdout

    world.retire(2)
    with world.db.write() as connection:
        vector = world.unit(9).tobytes()
        connection.execute(update(faces).where(faces.c.id == 3).values(vector=vector))
    done = place.run("verify")
    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        "behind",
        "extra",
        "different",
    ]
    assert "face 3" in done.stdout


def test_what_is_kept_of_a_minor_is_a_difference(place, world):
    world.add(1)
    publish(world.db, place.index_dir, world.model_id)
    with world.db.write() as connection:
        connection.execute(update(performers).values(birth_date="2999-01-01"))
    done = place.run("verify")
    assert done.returncode == 1
    assert done.stdout == "minor: id:1 Ada Example, born 2999 is under 18, and something is kept\n"
    assert place.run("reindex").returncode == 0
    assert place.run("verify").returncode == 0
    assert world.db.get_faces(1) == []


def test_a_damaged_index_is_one_line_and_can_be_made_anew(place, world):
    world.add(1, 2)
    publish(world.db, place.index_dir, world.model_id)
    [file] = (place.index_dir / "segments").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    done = place.run("verify")
    assert done.returncode == 1
    assert done.stdout.startswith("damaged: ")
    assert len(done.stdout.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert place.run("reindex").returncode == 0
    assert place.run("verify").returncode == 0


def test_reindex_keeps_to_the_model_that_is_published(place, world):
    world.add(1)
    publish(world.db, place.index_dir, world.model_id)
    world.add(2, model_id=world.add_model(world.other_model))
    assert place.run("reindex").returncode == 0
    assert read_published_model(place.index_dir) == world.model


def test_nothing_to_index_and_nothing_to_compare(place, world):
    assert place.run("verify").returncode == 0
    done = place.run("reindex")
    assert done.returncode == 1
    assert "nothing to index" in done.stderr
    assert not place.index_dir.exists()


def test_without_a_database_both_say_what_to_do(place):
    for command in ("verify", "reindex"):
        done = place.run(command)
        assert done.returncode == 2
        assert done.stderr.startswith(f"scrapy {command}: there is no database at ")
        assert len(done.stderr.splitlines()) == 1


def test_a_damaged_database_is_one_line(place, world):
    world.add(*range(200))
    publish(world.db, place.index_dir, world.model_id)
    world.db.close()
    damaged = bytearray(place.database_path.read_bytes())
    middle = len(damaged) // 2 // 4096 * 4096
    damaged[middle : middle + 8192] = b"\xff" * 8192
    place.database_path.write_bytes(damaged)
    done = place.run("verify")
    assert done.returncode == 1
    assert "is damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1
