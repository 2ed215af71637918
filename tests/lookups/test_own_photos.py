"""The user's own photos: whose folders are read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from enrichscrapy.database.minors import note_birthdays
from enrichscrapy.lookups.own_folders import Folder
from enrichscrapy.lookups.own_photos import OwnPhotos, import_faces

pytestmark = pytest.mark.on_both()


def test_no_photo_of_a_minor_is_read(db, tmp_path):
    by_date = db.add_performer("Orla Fenwright", birth_date="2999-03")
    by_page = db.add_performer("Ida Later")
    with db.write() as connection:
        note_birthdays(connection, by_page, {"iafd": dt.date(2999, 1, 1)}, db.clock())
    folders = [
        Folder(tmp_path / str(each), db.get_performer(each), photos=[Path("/nowhere/a.jpg")])
        for each in (by_date, by_page)
    ]
    nothing = None  # no engine, no judge: neither may be asked, and no file is there
    photos = OwnPhotos(db, nothing, 1, nothing, nothing)
    reports = list(import_faces(folders, photos))
    assert [report.taken for report in reports] == [None, None]
    assert all("under 18" in report.problem for report in reports)
