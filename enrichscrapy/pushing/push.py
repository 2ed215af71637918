"""Sending to a running Stash what was accepted: who is who there, and what is new; it only adds.

A performer is found by a stash-box id, else by the number that an import from this very Stash gave,
if the name is still the same there. A name alone is never enough.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from enrichscrapy.database.sent import ToSend, note_sent, read_to_send
from enrichscrapy.exceptions import StashSays
from enrichscrapy.facts.stashboxes import name_box
from enrichscrapy.pushing.changes import Change, StashPerformer, find_change, fold_name

if TYPE_CHECKING:
    from enrichscrapy.database import PerformerDatabase
    from enrichscrapy.importing.stash_client import StashClient

PAGE = 100
OPENING = """query Opening {
  systemStatus { status databasePath }
  there: __type(name: "Performer") { fields { name } }
  takes: __type(name: "BulkPerformerUpdateInput") { inputFields { name } }
}"""
_WHERE_THERE = ("alias_list", "urls", "birthdate", "death_date", "country", "custom_fields")
ADD = """mutation Add($input: BulkPerformerUpdateInput!) {
  bulkPerformerUpdate(input: $input) { id }
}"""


def make_page_query(fields: frozenset[str]) -> str:
    """The query for a page of performers of a Stash whose performers have these ``fields``."""
    asked = " ".join(name for name in _WHERE_THERE if name in fields)
    return f"""query Performers($page: Int!, $per_page: Int!) {{
  findPerformers(filter: {{page: $page, per_page: $per_page, sort: "id", direction: ASC}}) {{
    count
    performers {{ id name {asked} stash_ids {{ endpoint stash_id }} }}
  }}
}}"""


@dataclass
class Plan:
    """``changes`` to make; ``missing`` counts the performers whom this Stash has not.

    ``unclear`` are lines on those of whom it cannot be told who they are, ``notes`` others.
    """

    changes: list[Change] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: int = 0

    @property
    def count(self) -> int:
        """Values to send."""
        return sum(change.count for change in self.changes)

    def to_json(self) -> dict[str, Any]:
        changes = [each.to_json() for each in self.changes]
        return {**vars(self), "changes": changes, "count": self.count}


class StashPush:
    """One Stash and one database; :meth:`plan` reads, :meth:`apply` sends."""

    def __init__(self, database: PerformerDatabase, client: StashClient) -> None:
        self._database = database
        self._client = client
        self._takes: frozenset[str] = frozenset()

    def plan(self, performer_ids: Sequence[int] | None = None) -> Plan:
        """What there is to send; nothing is changed anywhere."""
        with self._database.read() as connection:
            ours = read_to_send(connection, self._client.address, performer_ids)
        if not ours:
            return Plan()
        theirs = _Library(*self._read_library())
        plan = Plan()
        if "custom_fields" not in self._takes:
            plan.notes.append("This Stash has no custom fields: the number of faces is not sent")
        claims: defaultdict[str, list[ToSend]] = defaultdict(list)
        for one in ours:
            found = theirs.find(one)
            if len(found) > 1:
                several = " and ".join(sorted(found, key=int))
                plan.unclear.append(
                    f"performer {one.performer_id} is {several} in Stash: merge them there first"
                )
            elif not found:
                plan.missing += 1
            for number in found:
                claims[number].append(one)
        for number, claimants in claims.items():
            if len(claimants) > 1:
                several = " and ".join(str(one.performer_id) for one in claimants)
                plan.unclear.append(f"performers {several} here are one, {number}, in Stash")
            elif len(theirs.find(claimants[0])) == 1:
                there = theirs.performers[number]
                change = find_change(claimants[0], there, theirs.names, self._takes)
                if change.sends or change.faces or change.left_out:
                    plan.changes.append(change)
        return plan

    def apply(self, plan: Plan) -> Iterator[tuple[Change, str]]:
        """Send the changes one performer at a time; yield each with what went wrong, if anything.

        What a Stash has taken is remembered at once.
        """
        for change in plan.changes:
            refusal = ""
            for given, sent in change.make_inputs():
                try:
                    self._client.ask(ADD, {"input": given})
                except StashSays as error:
                    refusal = str(error)
                    continue
                with self._database.write() as connection:
                    stash, now = self._client.address, self._database.clock()
                    note_sent(connection, change.performer_id, stash, sent, now)
            yield change, refusal

    def _read_library(self) -> tuple[str, list[StashPerformer]]:
        """The name of Stash's database file, and all its performers."""
        opening, library = self._client.open(OPENING)
        try:
            there = frozenset(str(each["name"]) for each in opening["there"]["fields"])
            takes = (str(each["name"]) for each in opening["takes"]["inputFields"])
            self._takes = there.intersection(takes)
            return library, list(self._read_performers(make_page_query(there)))
        except (StashSays, KeyError, TypeError, ValueError) as error:
            raise self._client.refuse_foreign(error) from error

    def _read_performers(self, query: str) -> Iterator[StashPerformer]:
        page, last = 1, 0
        while True:
            variables = {"page": page, "per_page": PAGE}
            found = self._client.ask(query, variables)["findPerformers"]["performers"]
            for each in found:
                if int(each["id"]) > last:
                    last = int(each["id"])
                    yield _read_performer(each)
            if len(found) < PAGE:
                return
            page += 1


class _Library:
    """The performers of a Stash: by number, by stash-box id, by name."""

    def __init__(self, file: str, performers: Sequence[StashPerformer]) -> None:
        self._file = file
        self.performers = {each.id: each for each in performers}
        self.names: defaultdict[str, set[str]] = defaultdict(set)
        self._by_id: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for each in performers:
            self.names[fold_name(each.name)].add(each.id)
            for pair in each.ids:
                self._by_id[pair].add(each.id)

    def find(self, ours: ToSend) -> set[str]:
        """The numbers of those who are this performer."""
        by_id = {number for pair in ours.ids for number in self._by_id.get(pair, ())}
        if by_id:
            return by_id
        return {
            number
            for file, number, name in ours.numbers
            if file == self._file
            and number in self.performers
            and self._is_same(ours, number, name)
        }

    def _is_same(self, ours: ToSend, number: str, name: str) -> bool:
        """The file's name is many Stashes': the performer's own name and ids have to agree."""
        there = self.performers[number]
        boxes = {box for box, _ in ours.ids} & {box for box, _ in there.ids}
        return fold_name(there.name) == fold_name(name) and not boxes


def _read_performer(said: Mapping[str, Any]) -> StashPerformer:
    return StashPerformer(
        id=str(said["id"]),
        name=str(said["name"]),
        ids=frozenset(
            (name_box(str(each["endpoint"])), str(each["stash_id"]).lower())
            for each in said["stash_ids"]
        ),
        aliases=tuple(map(str, said.get("alias_list") or ())),
        urls=tuple(map(str, said.get("urls") or ())),
        facts={name: str(said.get(name) or "") for name in ("birthdate", "death_date", "country")},
        custom=dict(said.get("custom_fields") or {}),
    )
