"""An index is not emptied by another database: as when the disk with the data is not mounted, and
an empty database is made in its place."""

import json

import pytest

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.exceptions import IndexOfAnotherDatabase
from enrichscrapy.index import publish, reindex, verify
from enrichscrapy.index.files import read_current
from tests.index.conftest import contents

pytestmark = pytest.mark.on_both()


@pytest.fixture
def elsewhere(tmp_path, world, index_dir):
    world.add(1, 2, 3)
    publish(world.db, index_dir, world.model_id)
    with PerformerDatabase(tmp_path / "elsewhere.db") as database:
        yield type(world)(database)


def forget_the_token(index_dir):
    """As an older version published."""
    path = index_dir / read_current(index_dir) / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["database"]
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("faces", [0, 1])
def test_the_index_is_left_as_it_is(world, elsewhere, index_dir, older, faces):
    elsewhere.add(*range(10, 10 + faces))
    if older:
        forget_the_token(index_dir)
    for attempt in (publish, reindex):
        with pytest.raises(IndexOfAnotherDatabase, match="scrapy reindex --force"):
            attempt(elsewhere.db, index_dir, elsewhere.model_id)
    assert contents(index_dir) == world.accepted()
    assert verify(elsewhere.db, index_dir, elsewhere.model_id)[0].kind.startswith("other_")


def test_by_force_it_is_made_anew(elsewhere, index_dir):
    elsewhere.add(10)
    assert reindex(elsewhere.db, index_dir, elsewhere.model_id, force=True)
    assert contents(index_dir) == elsewhere.accepted()


def test_an_older_index_of_this_database_goes_on(world, elsewhere, index_dir):
    forget_the_token(index_dir)
    world.add(4)
    generation = publish(world.db, index_dir, world.model_id)
    assert (generation.rebuilt, generation.manifest.database) == ("", world.db.token)
