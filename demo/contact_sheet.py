"""``python -m demo.contact_sheet FILE``: the demo's people on one sheet, a row of shots each."""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from demo.people import PEOPLE, DemoPerson, is_masculine, portrait

THUMB = (180, 240)
GAP = 6


def contact_sheet(people: Sequence[DemoPerson], shots: int = 4, across: int = 2) -> Image.Image:
    """Rows of ``shots`` photos of each person, ``across`` people beside one another."""
    rows = -(-len(people) // across)
    wide, high = THUMB[0] + GAP, THUMB[1] + GAP
    size = across * shots * wide + (across - 1) * 2 * GAP + GAP, rows * high + GAP
    sheet = Image.new("RGB", size, (250, 250, 248))
    for number, person in enumerate(people):
        row, column = divmod(number, across)
        left = column * (shots * wide + 2 * GAP) + GAP
        for shot in range(shots):
            data = portrait(person.number, shot, is_masculine(person))
            thumb = Image.open(io.BytesIO(data)).resize(THUMB, Image.Resampling.LANCZOS)
            sheet.paste(thumb, (left + shot * wide, row * high + GAP))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw a contact sheet of the demo's people.")
    parser.add_argument("file", type=Path, help="where to write it; .jpg or .png")
    parser.add_argument("--people", type=int, default=12, help="how many of them")
    parser.add_argument("--shots", type=int, default=4, help="photos of each")
    options = parser.parse_args()
    contact_sheet(PEOPLE[: options.people], options.shots).save(options.file, quality=88)


if __name__ == "__main__":
    main()
