"""Whatever a manifest says, a reader gets an index or one line, and the publisher a way out."""

import json
import shutil
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.index import FaceIndex, files, publish, reindex, tiers, verify

values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    values,
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture
def coded(world, index_dir, monkeypatch):
    """Two segments with codes, one without, and a face that is gone."""
    monkeypatch.setattr(tiers, "SMALL", 1)
    monkeypatch.setattr(tiers, "LARGEST", 80)
    world.add(*range(160))
    publish(world.db, index_dir, world.model_id, exact_faces=100)
    world.add(200)
    world.retire(5)
    publish(world.db, index_dir, world.model_id)
    return index_dir


def list_places(value, at=()):
    """The path of every value in a JSON document."""
    yield at
    if isinstance(value, dict | list):
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from list_places(value[key], (*at, key))


def put(document, place, value):
    if not place:
        return value
    *way, last = place
    inner = document
    for key in way:
        inner = inner[key]
    inner[last] = value
    return document


@given(st.data())
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_value_in_any_place_is_read_or_refused(world, coded, data):
    path = coded / files.read_current(coded) / "manifest.json"
    whole = path.read_bytes()
    document = json.loads(whole)
    place = data.draw(st.sampled_from(list(list_places(document))))
    path.write_text(json.dumps(put(document, place, data.draw(anything))))
    with suppress(IndexDamaged):
        FaceIndex.open_current(coded, None).search(world.unit(3)[None], 5)
    lines = [str(each) for each in verify(world.db, coded, world.model_id)]
    assert "\n" not in "".join(lines)
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("digest",), "no digest"),
        (("quantiser", "every"), 0),
        (("segments", 0, "gone"), ["5"]),
        (("segments", 0, "count"), "80"),
        (("segments",), []),
        (("exact_faces",), None),
        (("unheard_of",), 1),
    ],
)
def test_the_next_publishing_makes_it_anew(world, coded, place, value):
    path = coded / files.read_current(coded) / "manifest.json"
    path.write_text(json.dumps(put(json.loads(path.read_text()), place, value)))
    with pytest.raises(IndexDamaged, match=r"no manifest|does not add up"):
        FaceIndex.open_current(coded, None)
    world.add(300)
    assert publish(world.db, coded, world.model_id).rebuilt
    assert verify(world.db, coded, world.model_id) == []


def test_files_outside_the_folder_are_never_touched(world, coded, tmp_path):
    """A manifest may name any path: what is not ours is compared, and refused."""
    other = tmp_path / "other.faiss"
    shutil.copy(files.list_files(coded)[0], other)
    path = coded / files.read_current(coded) / "manifest.json"
    document = json.loads(path.read_text())
    document["segments"][1]["file"]["name"] = "../other.faiss"
    path.write_text(json.dumps(document))
    with pytest.raises(IndexDamaged, match="not the file"):
        FaceIndex.open_current(coded, None)
    reindex(world.db, coded, world.model_id)
    assert other.exists()
