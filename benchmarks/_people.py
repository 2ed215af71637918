"""Invented performers in any number, as a file to import, and a demo site with all their pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks._names import make_word
from benchmarks.parsing import crowded_page
from demo.sites.server import Reply, html
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.importing.performers import Summary, import_records
from enrichscrapy.importing.readers import JsonLinesReader
from enrichscrapy.sites import babepedia

SOMEBODY = "Nora Vesterlund"


def name_of(number: int) -> str:
    """The invented name of a person: another for each number."""
    return f"Vera {make_word(0, number, 3)}"


def path_of(number: int) -> str:
    return f"/babe/{babepedia.slug_from_name(name_of(number))}"


class EverybodysSite:
    """Answers as Babepedia does, for any name, with pages of the usual size."""

    name = "babepedia"

    def __init__(self) -> None:
        self._page = crowded_page()

    def answer(self, path: str, query: dict[str, str]) -> Reply:
        if not path.startswith("/babe/"):
            return Reply(b"Not Found", 404, "text/plain", kind="photo")
        name = path.removeprefix("/babe/").replace("_", " ")
        return html(self._page.replace(SOMEBODY, name))


def write_jsonl(path: Path, count: int) -> None:
    """A file as people export it: ids, names, aliases, facts, a link to the page and two others."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in _list_rows(count))


def import_people(database: PerformerDatabase, path: Path) -> Summary:
    with closing(JsonLinesReader(path)) as reader:
        return import_records(database, reader, path.name)


def _list_rows(count: int) -> Iterator[dict[str, object]]:
    for number in range(count):
        account = name_of(number).replace(" ", "").lower()
        yield {
            "id": number + 1,
            "name": name_of(number),
            "gender": "FEMALE",
            "birth_date": "1983-10-15",  # as the page says
            "country": ("US", "CZ", "BR", "HU")[number % 4],
            "aliases": [f"{make_word(1, number, 3)} Vesterlund"] * (number % 2),
            "urls": [
                babepedia.HOME + path_of(number),
                f"https://www.instagram.com/{account}",
                f"https://twitter.com/{account}",
            ],
            "stashbox_ids": {"stashdb": f"00000000-0000-4000-8000-{number:012}"},
        }
