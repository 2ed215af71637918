import asyncio
import logging

import pytest
from scrapy.exceptions import DropItem, NotConfigured
from scrapy.utils.test import get_crawler

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.extensions import share
from enrichscrapy.extensions.database import DatabaseExtension
from enrichscrapy.items import Lookup, Outcome, Performer, Photo, ReferenceSiteMode
from enrichscrapy.pipelines.kept_photos import KeptPhotosPipeline


@pytest.fixture
def crawler(tmp_path):
    made = get_crawler(settings_dict={"KEEP_PHOTOS": str(tmp_path / "kept")})
    extension = share(made, DatabaseExtension(PerformerDatabase(tmp_path / "performers.db")))
    yield made
    extension.close()


def lookup() -> Lookup:
    performer = Performer(7, "Asta Quernholt", birth_date="1981-04-02")
    photos = [Photo("https://x.example/a.jpg", data=b"\xff\xd8\xff", sha256="a" * 64)]
    return Lookup(
        "babepedia", ReferenceSiteMode.URL_LOOKUP, performer, Outcome.FOUND, photos=photos
    )


def test_photos_are_kept_in_a_folder_that_is_made_at_the_start(crawler, tmp_path):
    pipeline = KeptPhotosPipeline.from_crawler(crawler)
    assert (tmp_path / "kept").is_dir()
    asyncio.run(pipeline.process_item(lookup()))
    assert (tmp_path / "kept" / "7" / f"{'a' * 64}.jpg").exists()


def test_a_folder_that_is_a_file_is_refused(crawler, tmp_path):
    (tmp_path / "kept").touch()
    with pytest.raises(BadSetting, match="KEEP_PHOTOS"):
        KeptPhotosPipeline.from_crawler(crawler)


def test_a_dry_run_keeps_none(tmp_path):
    kept = {"KEEP_PHOTOS": str(tmp_path / "kept"), "DRY_RUN": "1"}
    with pytest.raises(NotConfigured):
        KeptPhotosPipeline.from_crawler(get_crawler(settings_dict=kept))
    assert not (tmp_path / "kept").exists()


def test_a_disk_that_goes_away_ends_the_crawl_and_nothing_is_stored(crawler, tmp_path):
    pipeline = KeptPhotosPipeline.from_crawler(crawler)
    (tmp_path / "kept").rmdir()
    (tmp_path / "kept").touch()
    stopped = []
    pipeline.stop = lambda *told, at_once: stopped.append((*told, at_once))
    with pytest.raises(DropItem) as dropped:
        asyncio.run(pipeline.process_item(lookup()))
    [(reason, message, at_once)] = stopped
    assert at_once
    assert reason == "disk_error"
    assert message.startswith("KEEP_PHOTOS=")
    assert dropped.value.log_level == "ERROR"


def test_a_lookup_is_logged_by_its_performer_s_id(caplog):
    with caplog.at_level(logging.ERROR):
        logging.getLogger("stage").error("Error processing %(item)s", {"item": lookup()})
    assert caplog.messages == ["Error processing <Lookup of performer 7 on babepedia: found>"]
