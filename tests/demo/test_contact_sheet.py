"""The contact sheet has every photo it was asked for."""

from __future__ import annotations

import sys

from PIL import Image

from demo import contact_sheet
from demo.people import PEOPLE


def test_a_sheet_of_three_people_has_two_rows_of_two_shots():
    sheet = contact_sheet.contact_sheet(PEOPLE[:3], shots=2)
    wide, high = contact_sheet.THUMB
    assert sheet.width > 4 * wide
    assert 2 * high < sheet.height < 3 * high
    last = sheet.crop((sheet.width - wide, sheet.height - high, sheet.width, sheet.height))
    assert last.getcolors() is not None  # the place of the fourth person is empty


def test_the_command_writes_a_file(tmp_path, monkeypatch):
    target = tmp_path / "sheet.jpg"
    monkeypatch.setattr(sys, "argv", ["contact_sheet", str(target), "--people", "1", "--shots=1"])
    contact_sheet.main()
    assert Image.open(target).format == "JPEG"
