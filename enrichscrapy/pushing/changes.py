"""What to change of one performer in a Stash; values are only ever added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from enrichscrapy.database.sent import FACES, Faces, ToSend
from enrichscrapy.identity.evidence import make_page_key

FACES_FIELD, DAY_FIELD = "enrichscrapy_faces", "enrichscrapy_faces_day"
"""Custom fields of a performer in Stash."""
LISTS = {"alias": "alias_list", "link": "urls"}
FACTS = {"birth_date": "birthdate", "death_date": "death_date", "country": "country"}
"""What Stash calls them: lists that may be added to, and facts that may be filled in."""


@dataclass(frozen=True)
class StashPerformer:
    """A performer as a Stash has them now; ``ids`` are (box, id) pairs."""

    id: str
    name: str
    ids: frozenset[tuple[str, str]] = frozenset()
    aliases: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Change:
    """What to add to a performer; ``sends`` are the (kind, value) pairs in it.

    ``left_out`` says why something is not sent.
    """

    performer_id: int
    name: str
    stash: StashPerformer
    sends: list[tuple[str, str]] = field(default_factory=list)
    faces: Faces | None = None
    left_out: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.sends) + (self.faces is not None)

    def to_json(self) -> dict[str, Any]:
        stash = {"id": self.stash.id, "name": self.stash.name}
        faces = asdict(self.faces) if self.faces else None
        return {**vars(self), "stash": stash, "faces": faces}

    def make_inputs(self) -> Iterator[tuple[dict[str, Any], list[tuple[str, str]]]]:
        """Stash's ``BulkPerformerUpdateInput``s, each with the values that it sends.

        Facts travel by themselves: an older Stash refuses a date that is not whole.
        """
        lists: dict[str, Any] = {
            name: {"mode": "ADD", "values": [value for each, value in self.sends if each == kind]}
            for kind, name in LISTS.items()
            if any(each == kind for each, _ in self.sends)
        }
        sent = [pair for pair in self.sends if pair[0] in LISTS]
        if self.faces is not None:
            fields = {FACES_FIELD: self.faces.count, DAY_FIELD: self.faces.day}
            lists["custom_fields"] = {"partial": fields}
            sent.append((FACES, str(self.faces)))
        if lists:
            yield {"ids": [self.stash.id], **lists}, sent
        for kind, value in self.sends:
            if kind in FACTS:
                yield {"ids": [self.stash.id], FACTS[kind]: value}, [(kind, value)]


def find_change(
    ours: ToSend, theirs: StashPerformer, names: Mapping[str, set[str]], takes: frozenset[str]
) -> Change:
    """What the Stash does not have yet.

    ``names`` are the ids of all performers in Stash by their folded names; ``takes`` the fields
    that this Stash can be given.
    """
    change = Change(ours.performer_id, ours.name, theirs)
    known = {fold_name(name) for name in (theirs.name, *theirs.aliases)}
    links = {make_page_key(url) or url for url in theirs.urls} | set(theirs.urls)
    for kind, value in ours.values:
        field_name = LISTS.get(kind) or FACTS.get(kind, "")
        if field_name not in takes:
            change.left_out.append(f"{kind} {value}: this Stash has no {field_name or kind}")
        elif kind == "alias":
            _add_alias(change, value, known, names)
        elif kind == "link":
            key = make_page_key(value) or value
            if key not in links:
                links.add(key)
                change.sends.append((kind, value))
        elif not theirs.facts.get(field_name):
            change.sends.append((kind, value))
        elif theirs.facts[field_name] != value:
            change.left_out.append(f"{kind} {value}: Stash says {theirs.facts[field_name]}")
    if ours.faces is not None and "custom_fields" in takes and not _has_faces(theirs, ours.faces):
        change.faces = ours.faces
    return change


def fold_name(name: str) -> str:
    """The form in which Stash compares names."""
    return " ".join(name.split()).casefold()


def _add_alias(change: Change, alias: str, known: set[str], names: Mapping[str, set[str]]) -> None:
    folded = fold_name(alias)
    if folded in known:
        return
    if others := names.get(folded, set()) - {change.stash.id}:
        change.left_out.append(f"alias {alias}: performer {min(others)} in Stash has this name")
        return
    known.add(folded)
    change.sends.append(("alias", alias))


def _has_faces(theirs: StashPerformer, faces: Faces) -> bool:
    fields = theirs.custom.get(FACES_FIELD), theirs.custom.get(DAY_FIELD)
    return str(fields[0]) == str(faces.count) and fields[1] == faces.day
