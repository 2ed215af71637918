"""``scrapy birth-date [WHO DATE]``: enter birth dates that an import could not read."""

from __future__ import annotations

import argparse

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.birth_dates import list_unread, see_to
from enrichscrapy.database.minors import note_stored_dates
from enrichscrapy.database.performers import set_birth_date
from enrichscrapy.database.whom import describe, find_the_one
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.text import fold_line
from enrichscrapy.items import PartialDate
from enrichscrapy.settings_reader import ProjectSettings

ADULT = "adult"


class Command(EnrichCommand):
    usage = f"[WHO DATE | WHO {ADULT}]"
    summary = "Enter birth dates that could not be read; until then they keep lookups waiting"
    about = f"""Without arguments, lists the performers whose birth date no import could read: they
    are not looked up. WHO DATE enters the date (1983, 1983-10 or 1983-10-15) of a performer named
    by id, link or name; WHO {ADULT} says that nobody knows the date but that the person is an
    adult. Importing a corrected file does the same. Exit codes: 0 done, 1 some wait, 2 bad
    argument."""

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) not in (0, 2):
            raise UsageError(f"give no arguments, or a performer and a date (or {ADULT})")
        with open_existing(settings) as database:
            return self._enter(database, *args) if args else self._list(database)

    def _list(self, database: PerformerDatabase) -> int:
        with database.read() as connection:
            waiting = list_unread(connection)
        for one in waiting:
            print(f"id:{one.performer_id} {fold_line(one.name)}: {fold_line(one.text)}")
        return 1 if waiting else 0

    def _enter(self, database: PerformerDatabase, word: str, date: str) -> int:
        performer = find_the_one(database, word)
        with database.write() as connection:
            if date.lower() == ADULT:
                if not see_to(connection, performer.id, database.clock()):
                    raise BadSetting(f"no birth date of {describe(performer)} waits for anybody")
            else:
                now = database.clock()
                set_birth_date(connection, performer.id, _read(date), now)
                note_stored_dates(connection, [performer.id], now)
        print(f"{describe(performer)}: {date}")
        return 0


def _read(text: str) -> PartialDate:
    try:
        return PartialDate.parse(text)
    except ValueError as error:
        raise BadSetting(str(error)) from None
