"""``scrapy proposals``: what pages say that the database does not have; accept or reject it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.accepting import OPEN, STATES, Decision, Wanted
from enrichscrapy.database.whom import find_the_one
from enrichscrapy.settings_reader import ProjectSettings

ACTIONS = ("list", "accept", "reject")


class Command(EnrichCommand):
    usage = "[list | accept ID… | accept --all-confirmed | reject ID…] [options]"
    summary = "Decide about links, aliases and dates that pages name and your database lacks"
    about = """Lists what pages said that the database does not have: links, aliases, birth date,
    death date and country, with source, page and how sure it is that the page is the performer's.
    accept enters them into the database (a link of a site makes its lookup due), reject keeps them
    out for good and takes back what was accepted. --all-confirmed accepts all that confirmed pages
    say, but leaves open what would replace something, and an alias that is another performer's
    name. scrapy push-stash sends what was accepted to Stash. Exit codes: 0 done, 1 some could not
    be decided, 2 bad setting or argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--all-confirmed", action="store_true", help="with accept: all that confirmed pages say"
        )
        parser.add_argument(
            "--performer", metavar="WHO", help="only this performer's: an id, a link or a name"
        )
        parser.add_argument("--source", metavar="NAME", help="only what this source said")
        parser.add_argument(
            "--state", choices=(*STATES, "all"), default=OPEN, help=f"default: {OPEN}"
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print JSON")
        form.add_argument("--csv", action="store_true", help="print CSV")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        action, *words = args or ["list"]
        ids = _read_ids(action, words, opts.all_confirmed)
        with open_existing(settings) as database:
            wanted = _read_wanted(database, opts)
            if action == "list":
                _print(database, wanted, opts)
                return 0
            return self._tell(self._decide(database, action, ids, wanted))

    def _decide(
        self, database: PerformerDatabase, action: str, ids: list[int], wanted: Wanted
    ) -> Iterator[Decision]:
        if not ids:
            return database.proposals.accept_confirmed(wanted)
        decide = database.proposals.accept if action == "accept" else database.proposals.reject
        return map(decide, ids)

    def _tell(self, decisions: Iterator[Decision]) -> int:
        from enrichscrapy.reporting.proposals import describe_decision

        refused = 0
        for decision in decisions:
            line = describe_decision(decision)
            if decision.refusal:
                refused += 1
                self.say(line)
            else:
                print(line)
        return 1 if refused else 0


def _read_ids(action: str, words: list[str], all_confirmed: bool) -> list[int]:
    if action not in ACTIONS:
        raise UsageError(f"proposals {action} is unknown: use {', '.join(ACTIONS)}")
    if all_confirmed and (action != "accept" or words):
        raise UsageError("--all-confirmed goes with accept, and takes no ids")
    if action == "list" and words:
        raise UsageError("proposals list takes no ids: --performer and --source narrow it")
    wants_ids = action != "list" and not all_confirmed
    if wants_ids and not (words and all(word.isdecimal() for word in words)):
        raise UsageError(f"proposals {action} needs ids, as scrapy proposals lists them")
    return [int(word) for word in words]


def _read_wanted(database: PerformerDatabase, opts: argparse.Namespace) -> Wanted:
    performer_id = None
    if opts.performer is not None:
        performer_id = find_the_one(database, str(opts.performer)).id
    return Wanted(None if opts.state == "all" else opts.state, performer_id, opts.source)


def _print(database: PerformerDatabase, wanted: Wanted, opts: argparse.Namespace) -> None:
    from enrichscrapy.reporting import proposals

    found = database.proposals.iterate(wanted)
    if opts.json:
        proposals.print_json(found)
    elif opts.csv:
        proposals.print_csv(found)
    else:
        proposals.print_table(found)
