"""``scrapy review``: decide about the faces that wait for a person."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import urlencode

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.whom import find_the_one
from enrichscrapy.exceptions import EnrichError
from enrichscrapy.reporting.words import count_words
from enrichscrapy.settings_reader import ProjectSettings

ACTIONS = ("list", "show", "accept", "reject", "undo")


class Command(EnrichCommand):
    usage = "[list | show ID | accept ID… | reject ID… | undo ID…] [options]"
    summary = "Decide about the faces that wait for you, here or in the browser (--serve)"
    about = """Lists the faces that wait; shows one beside the faces to compare it with; accepts,
    rejects or undoes by face id. An accepted face is used as a reference for others unless
    --no-trust. Rejecting asks first; it takes vector and picture from the face, and for a day undo
    brings them back. --serve opens the gallery (scrapy gallery) at its review page, made for
    deciding by keyboard. The index is published afterwards. Exit codes: 0 done, 1 nothing was
    rejected or some ids could not be decided, 2 bad setting or argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--serve", action="store_true", help="serve the review page")
        parser.add_argument("--port", type=int, default=0, help="its port; default: a free one")
        parser.add_argument(
            "--performer", metavar="WHO", help="only this performer's: an id, a link or a name"
        )
        parser.add_argument("--source", metavar="NAME", help="only faces from this source")
        parser.add_argument(
            "--no-trust", action="store_true", help="accepted faces are not used as references"
        )
        parser.add_argument("--yes", action="store_true", help="reject without asking")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        action, *ids = args or ["list"]
        if action not in ACTIONS:
            raise UsageError(f"review {action} is unknown: use {', '.join(ACTIONS)}")
        face_ids = _parse_face_ids(action, ids)
        with open_existing(settings) as database:
            if opts.performer is not None:
                opts.performer = find_the_one(database, str(opts.performer)).id
            if opts.serve:
                if args:
                    raise UsageError("--serve takes no ids; --performer and --source narrow it")
                return self._serve(database, opts, settings)
            if action == "list":
                return _list(database, opts)
            if action == "show":
                return self._show(database, face_ids, opts.json)
            if action == "reject" and not opts.yes and not _ask_consent(len(face_ids)):
                self.say("nothing was rejected")
                return 1
            return self._decide(database, action, face_ids, opts, settings)

    def _show(self, database: PerformerDatabase, face_ids: list[int], as_json: bool) -> int:
        from enrichscrapy.review.queue import read_card
        from enrichscrapy.review.tell import tell_card

        shown = [(face_id, read_card(database, face_id)) for face_id in face_ids]
        found = [face for _, face in shown if face is not None]
        if as_json:
            print(json.dumps([face.to_json() for face in found], indent=2))
        else:
            print("\n\n".join("\n".join(tell_card(face)) for face in found))
        for face_id, face in shown:
            if face is None:
                self.say(f"there is no face {face_id}")
        return 0 if len(found) == len(shown) else 1

    def _decide(
        self,
        database: PerformerDatabase,
        action: str,
        face_ids: list[int],
        opts: argparse.Namespace,
        settings: ProjectSettings,
    ) -> int:
        from enrichscrapy.review.desk import Decided, ReviewDesk
        from enrichscrapy.review.publishing import publish_decisions, read_limits

        desk = ReviewDesk(database, read_limits(settings))
        decisions: dict[str, Callable[[int], Decided]] = {
            "accept": lambda face_id: desk.accept(face_id, trusted=not opts.no_trust),
            "reject": desk.reject,
            "undo": desk.undo,
        }
        taken, refused = [], 0
        for face_id in face_ids:
            try:
                taken.append(decisions[action](face_id))
            except EnrichError as error:
                self.say(str(error))
                refused += 1
        publish_decisions(database, settings.INDEX_DIR)
        if opts.json:
            print(json.dumps([asdict(decided) for decided in taken], indent=2))
        else:
            for decided in taken:
                print(decided.words)
        return 1 if refused else 0

    def _serve(
        self, database: PerformerDatabase, opts: argparse.Namespace, settings: ProjectSettings
    ) -> int:
        from enrichscrapy.gallery.sitting import hold_sitting

        narrowed = {"performer": opts.performer, "source": opts.source}
        query = urlencode({name: value for name, value in narrowed.items() if value is not None})
        page = f"review?{query}" if query else "review"
        hold_sitting(database, settings, self.gender_filters(), opts.port, page)
        return 0


def _ask_consent(count: int) -> bool:
    print(
        f"Reject {count_words(count, 'face')}? It can be undone for a day. [y/N] ",
        end="",
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _parse_face_ids(action: str, ids: list[str]) -> list[int]:
    if action == "list":
        if ids:
            raise UsageError("review list takes no ids: use show ID")
        return []
    if not ids or not all(given.isdecimal() for given in ids):
        raise UsageError(f"review {action} needs face ids, as scrapy review lists them")
    return [int(given) for given in ids]


def _list(database: PerformerDatabase, opts: argparse.Namespace) -> int:
    from enrichscrapy.review.queue import Narrowed, list_waiting
    from enrichscrapy.review.tell import print_queue

    rows = list_waiting(database, Narrowed(opts.performer, opts.source))
    if opts.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        print_queue(rows)
    return 0
