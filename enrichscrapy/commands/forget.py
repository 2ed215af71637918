"""``scrapy forget ID|URL|NAME``: remove a person, and keep them out from then on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.whom import describe, describe_id, find_the_one
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.forgetting.forget import OUT_OF_REACH, Forgotten, forget
from enrichscrapy.forgetting.rows import Person, find_person
from enrichscrapy.settings_reader import ProjectSettings
from enrichscrapy.sites import find_sites

STRANGER = "Nobody here has this name"


class Command(EnrichCommand):
    usage = "ID|URL|NAME"
    summary = "Remove a person from database, index and files, and keep them out"
    about = """Names one person by the performer's id, a stash-box id, a link or the name; what
    could mean several is refused (id:17 is this database's id, row:17 the one in an imported file).
    Removes rows, vectors, crops, history, proposals, registered JOBDIRs, log lines, reports,
    exports, older index generations and registered backups; from then on a matching link or id is
    kept out, and a matching name waits until --namesake says that it is somebody else. Asks first;
    waits for running crawls. Where several machines share the database it says which of them have
    not removed it yet. Exit codes: 0 done, 1 something could not be removed, or not yet on every
    machine, 2 bad argument.
    """

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--namesake",
            action="store_true",
            help="ID is somebody else than the forgotten person of that name: stop blocking it",
        )

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) != 1 or not args[0].strip():
            raise UsageError("name one person: an id, a link or a name (in quotes)")
        with open_existing(settings) as database:
            if opts.namesake:
                return self._confirm(database, args[0])
            person = find_person(database, args[0])
            if not opts.yes and not _ask_consent(person):
                self.say("nothing was removed")
                return 1
            forgotten = self._forget(database, person, settings.INDEX_DIR)
            names = {each: describe_id(database, each) for each in forgotten.blocked}
        if person.is_stranger:
            print(f"{STRANGER}{_describe_near(person)}: kept out from now on")
        _print(forgotten, names)
        return 1 if forgotten.failed or forgotten.silent else 0

    def _confirm(self, database: PerformerDatabase, text: str) -> int:
        performer = find_the_one(database, text)
        if not database.suppressions.confirm(performer.id):
            raise BadSetting(f"{describe(performer)} is not blocked by a name")
        print(f"{describe(performer)} is looked up again.")
        return 0

    def _forget(self, database: PerformerDatabase, person: Person, index_dir: Path) -> Forgotten:
        def waiting(whom: str) -> None:
            self.say(f"waiting: {whom}; it is kept out from now on, and removed when that ends")

        return forget(database, person, index_dir, list(find_sites()), on_wait=waiting)


def _ask_consent(person: Person) -> bool:
    question = f"{STRANGER}{_describe_near(person)}; keep this name or link out from now on?"
    if person.performer is not None:
        question = f"Forget {describe(person.performer)}? This cannot be undone."
    print(f"{question} [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _describe_near(person: Person) -> str:
    near = ", ".join(map(describe, person.near))
    return f" (names like it: {near})" if near else ""


def _print(forgotten: Forgotten, names: Mapping[int, str]) -> None:
    for table, count in forgotten.rows.items():
        if count:
            print(f"removed {table}: {count}")
    for line in forgotten.files:
        print(line)
    print(f"index: {forgotten.index}")
    print(f"suppressions added: {forgotten.suppressions}")
    for performer_id, kind in sorted(forgotten.blocked.items()):
        way_out = (
            f"scrapy forget --namesake {performer_id} says that it is somebody else"
            if kind == "name"
            else f"scrapy forget {performer_id} removes it"
        )
        print(f"{names[performer_id]} has the same {kind} and is kept out; {way_out}")
    for line in forgotten.failed:
        print(f"NOT removed: {line}")
    for machine in forgotten.silent:
        print(
            f"NOT YET removed on {machine}: its crawls end, and the next command there does it; "
            f"if it never comes back: scrapy machines --strike-off {machine}"
        )
    print("What this program cannot reach:")
    for line in OUT_OF_REACH:
        print(f"- {line}")
