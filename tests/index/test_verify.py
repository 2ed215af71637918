"""``verify`` names each difference between index and database."""

import pytest
from sqlalchemy import delete, update

from enrichscrapy.database.schema import faces
from enrichscrapy.index import publish, verify
from enrichscrapy.index.verify import list_differences

pytestmark = pytest.mark.on_both()


@pytest.fixture
def published(world, index_dir):
    world.add(*range(12))
    publish(world.db, index_dir, world.model_id)
    return index_dir


def kinds(differences):
    return [(difference.kind, difference.face_id) for difference in differences]


def behind_its_back(world, statement):
    with world.db.write() as connection:
        connection.execute(statement)


def test_faces_without_an_index_are_named(world, index_dir):
    world.add(1, 2)
    [difference] = verify(world.db, index_dir, world.model_id)
    assert str(difference) == "missing_index: 2 accepted faces are in no index"


def test_what_is_not_published_yet_is_named_face_by_face(world, published):
    [new] = world.add(50)
    world.retire(3)
    world.replace(5, seed=51)
    assert kinds(verify(world.db, published, world.model_id)) == [
        ("behind", None),
        ("extra", 3),
        ("different", 5),
        ("missing", new),
    ]


def test_changes_that_no_sequence_number_tells_of_are_found(world, published):
    """A damaged or hand-edited database: nothing but comparing finds these."""
    accepted = faces.c.verdict == "accepted"
    behind_its_back(world, delete(faces).where(faces.c.id == 1))
    other = world.unit(77).tobytes()
    behind_its_back(world, update(faces).where(faces.c.id == 2, accepted).values(vector=other))
    behind_its_back(world, update(faces).where(faces.c.id == 3).values(vector=b"short"))
    behind_its_back(world, update(faces).where(faces.c.id == 12).values(verdict="retired"))
    assert kinds(verify(world.db, published, world.model_id)) == [
        ("extra", 1),
        ("different", 2),
        ("unusable", 3),
        ("extra", 12),
    ]


def test_differences_across_pages_of_the_database(world, published, monkeypatch):
    from enrichscrapy.index import accepted

    monkeypatch.setattr(accepted, "ROWS_AT_ONCE", 2)
    assert verify(world.db, published, world.model_id) == []
    for face_id in (1, 6, 7, 11):
        behind_its_back(world, delete(faces).where(faces.c.id == face_id))
    expected = [("extra", face_id) for face_id in (1, 6, 7, 11)]
    assert kinds(verify(world.db, published, world.model_id)) == expected


def test_the_smallest_change_of_one_number_is_a_difference(world, published):
    vector = world.unit(4)
    vector[0] = vector[0] * (1 + 2e-7)
    assert vector.tobytes() != world.unit(4).tobytes()
    behind_its_back(world, update(faces).where(faces.c.id == 5).values(vector=vector.tobytes()))
    assert kinds(verify(world.db, published, world.model_id)) == [("different", 5)]


def test_an_index_of_another_model_is_named(world, published):
    other = world.add_model(world.other_model)
    assert kinds(verify(world.db, published, other)) == [("other_model", None)]


def test_an_index_of_a_model_the_database_never_had_is_named(world, published):
    assert kinds(verify(world.db, published, None)) == [("other_model", None)]


def test_while_a_crawl_runs_what_it_has_not_published_is_left_out(world, index_dir):
    world.add(1, 2, 3)
    publish(world.db, index_dir, world.model_id)
    late = world.add(4)[0]
    world.retire(1)

    def found(**how):
        return [each.kind for each in list_differences(world.db, index_dir, world.model_id, **how)]

    assert sorted(found()) == ["behind", "extra", "missing"]
    assert found(up_to_date=False) == []
    with world.db.write() as connection:
        vector = world.unit(9).tobytes()
        connection.execute(update(faces).where(faces.c.id.in_([2, late])).values(vector=vector))
    assert found(up_to_date=False) == ["different"]
