"""``scrapy push-stash``: what was accepted here, into a running Stash."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database.whom import find_the_one
from enrichscrapy.facts.text import fold_line
from enrichscrapy.importing.stash_client import KEY_VARIABLE, StashClient
from enrichscrapy.pushing.changes import Change
from enrichscrapy.pushing.push import Plan, StashPush
from enrichscrapy.reporting.words import count_words
from enrichscrapy.settings_reader import ProjectSettings

DEFAULT = "http://localhost:9999"


class Command(EnrichCommand):
    usage = "[URL] [options]"
    summary = "Send accepted links, aliases and dates to a running Stash; it only ever adds"
    about = f"""URL is a running Stash; default: {DEFAULT}. Its API key is taken from the
    environment as {KEY_VARIABLE}. Without --apply nothing is sent: it shows what would be. Links
    and aliases are added to those there, dates and country fill what is empty, and the number of
    accepted faces goes into custom fields. Nothing is replaced or removed, and no picture is
    touched. A performer is found by a stash-box id, else by the number of an import from that
    Stash; never by name alone. What was sent once is not sent again. Exit codes: 0 done, 1 some
    could not be sent, 2 bad setting or argument, or no Stash."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--apply", action="store_true", help="send it")
        parser.add_argument(
            "--performer", metavar="WHO", help="only this performer's: an id, a link or a name"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if len(args) > 1:
            raise UsageError("give the address of one Stash")
        address = args[0] if args else DEFAULT
        # No setting: those are shown in logs.
        with (
            open_existing(settings) as database,
            StashClient(address, os.environ.get(KEY_VARIABLE, "")) as client,
        ):
            push = StashPush(database, client)
            word = opts.performer
            plan = push.plan(None if word is None else [find_the_one(database, word).id])
            if opts.json:
                print(json.dumps(plan.to_json(), indent=2, ensure_ascii=False))
            else:
                print("\n".join(_describe(plan)))
            for line in plan.unclear:
                self.say(line)
            refused = self._send(push, plan) if opts.apply else 0
        if not opts.apply and plan.count and not opts.json:
            print("Nothing was sent: --apply does it.")
        return 1 if refused or plan.unclear else 0

    def _send(self, push: StashPush, plan: Plan) -> int:
        refused = 0
        for change, refusal in push.apply(plan):
            if refusal:
                refused += 1
                self.say(f"performer {change.performer_id}: {refusal}")
        return refused


def _describe(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        yield from _describe_change(change)
    yield from plan.notes
    if plan.missing:
        yield f"{count_words(plan.missing, 'performer')} of whom there is something are not there"
    people = sum(bool(change.count) for change in plan.changes)
    summary = f"{count_words(plan.count, 'value')} for {count_words(people, 'performer')}"
    yield summary if plan.count else "There is nothing to send."


def _describe_change(change: Change) -> Iterator[str]:
    there = f"{fold_line(change.stash.name, 60)} #{change.stash.id} in Stash"
    yield f"{fold_line(change.name, 60)} id:{change.performer_id} -> {there}"
    for kind, value in change.sends:
        yield f"  + {kind} {fold_line(value, 200)}"
    if change.faces is not None:
        yield f"  + faces {change.faces.count}, the last of {change.faces.day}"
    for line in change.left_out:
        yield f"  not sent: {fold_line(line, 200)}"
