import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from scrapy.exceptions import DropItem

from enrichscrapy.faces.engine import FaceOptions
from enrichscrapy.faces.quality import Gates
from enrichscrapy.faces.workers import FaceWorkers
from enrichscrapy.items import Outcome, PhotoOutcome
from enrichscrapy.pipelines.faces import FacesPipeline
from tests.database.builders import lookup, photo
from tests.forkserver import forking_at
from tests.support import face_server


@pytest.fixture
def look(database, model, judging, stop, monkeypatch):
    """``look(item)``: the lookup after the stage, with a worker of its own."""
    monkeypatch.setattr("enrichscrapy.faces.workers.subprocess", forking_at(str(face_server()[1])))
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "faces"))

    def run(item, name="Plain", *, enabled=True):
        options = FaceOptions(model=f"worker_models.{name}", gates=Gates())
        workers = FaceWorkers(options, 1)
        stage = FacesPipeline(database, model, judging, workers, stop, many=3, enabled=enabled)

        async def scene():
            await stage.open_spider()
            try:
                return await stage.process_item(item)
            finally:
                await stage.close_spider()

        return asyncio.run(scene())

    return run


@pytest.fixture
def item(performer, portrait, encode):
    """A lookup with a portrait, and a photo whose bytes never came."""
    bands = [*portrait().split()[:2], Image.new("L", portrait().size)]  # without blue
    shot = replace(photo("a", outcome=None), data=encode(Image.merge("RGB", bands), "PNG"))
    return lookup(performer, photos=[shot, photo("b", outcome=PhotoOutcome.FAILED)])


def test_faces_are_found_in_what_came(look, item, portrait, encode):
    item.photos[0].data = encode(portrait())
    look(item)
    assert [each.outcome for each in item.photos] == [PhotoOutcome.FACES, PhotoOutcome.FAILED]
    assert [each.photo_url for each in item.faces] == [item.photos[0].url]


def test_a_worker_that_somebody_killed_leaves_the_lookup_due_again(
    look, item, tmp_path, monkeypatch
):
    (tmp_path / "times").write_bytes(b"xx")
    monkeypatch.setenv("TIMES", str(tmp_path / "times"))
    look(item, "Killed")
    assert item.outcome is Outcome.FAILED
    assert "killed by SIGKILL" in item.detail


def test_a_model_that_does_not_load_ends_the_crawl_and_drops_the_lookup(look, item, stopped):
    with pytest.raises(DropItem):
        look(item, "Nobody")
    reason, message, at_once = stopped[0]
    assert (reason, at_once) == ("bad_setting", True)
    assert "FACE_MODEL" in message


def test_switched_off_it_passes_everything(look, item):
    look(item, enabled=False)
    assert item.faces == []
