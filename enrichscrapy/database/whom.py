"""Who is meant by a word: an id, a link or a name that somebody typed or named a folder by.

``id:17`` is this database's id, ``row:17`` the id in an imported file (``row:FILE#17`` in that
file), ``stashdb:…`` a stash-box's. Without such a prefix every reading counts, and a word that
fits several performers means none of them: a guess could make a stranger's photos a performer's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Text, func, select, union_all

from enrichscrapy.database.dialects.expressions import listed
from enrichscrapy.database.near_names import find_near_names
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.schema import aliases, import_rows, performers, stashbox_ids
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.names import make_name_key, split_name
from enrichscrapy.facts.stashboxes import name_box
from enrichscrapy.facts.text import fold, fold_line
from enrichscrapy.items import Performer

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase

MAX_TOLD = 6
"""Candidates that a refusal names."""
_MAX_ZEROS = 12  # digits that ids are filled up to
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
# On file systems without colons in names a folder may be called id=17.
_PREFIXED = re.compile(r"([\w.\-]+)[:=]\s*(\S.*)")
_BOX_LINK = re.compile(rf"https?://([^/]+)/performers/({_UUID.pattern})/?", re.I)
# Folders are called stashdb_<id> or {<id>} as well.
_BOX_WORD = re.compile(rf"(?:([\w.]+?)[\s_:=-]*)?[\[({{]?({_UUID.pattern})[\])}}]?", re.I)
_NOTE = re.compile(r"(.*\w.*?)\s*[(\[]([^()\[\]]+)[)\]]")
_HERE, _BOX, _LINK, _NAME = "its id here", "a stash-box id", "a link", "the name"
_TURNED = "the name with its words swapped"


@dataclass
class Meant:
    """Whom a word may mean: performers, each with what of it fits.

    ``doubt`` is a further reason to refuse it; ``note`` says who else it could have been, and
    ``near`` are those whose name is like it where it is nobody's.
    """

    word: str
    readings: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    found: list[Performer] = field(default_factory=list)
    doubt: str = ""
    note: str = ""
    near: list[Performer] = field(default_factory=list)

    @property
    def performer(self) -> Performer | None:
        """The one who is meant, beyond doubt."""
        return self.found[0] if len(self.found) == 1 and not self.doubt else None

    @property
    def refusal(self) -> str:
        """Why no performer can be chosen, in one line; empty when one can."""
        if self.performer is not None:
            return ""
        candidates = "; ".join(self._list_candidates())
        if self.doubt:
            return f"{self.doubt}: {candidates}" if candidates else self.doubt
        if self.found:
            return f"several performers have it: {candidates}; name one of them by id, as id:17"
        word = fold_line(self.word, 60) or "without a name"
        near = " or ".join(map(describe, self.near))
        return f"there is no performer {word}" + (f"; did you mean {near}?" if near else "")

    def _list_candidates(self) -> Iterator[str]:
        for performer in self.found[:MAX_TOLD]:
            why = ", ".join(dict.fromkeys(self.readings[performer.id]))
            yield f"{describe(performer)} ({why})"
        if len(self.found) > MAX_TOLD:
            yield f"and {len(self.found) - MAX_TOLD} more"


def describe(performer: Performer) -> str:
    """A performer in a message: id, name, and what tells namesakes apart."""
    note = f" ({fold_line(performer.disambiguation, 40)})" if performer.disambiguation else ""
    born = f", born {performer.birth_date[:4]}" if performer.birth_date else ""
    boxes = "".join(f", {endpoint}:{value}" for endpoint, value in performer.stashbox_ids[:2])
    return f"id:{performer.id} {fold_line(performer.canonical_name, 60)}{note}{born}{boxes}"


def describe_id(db: PerformerDatabase, performer_id: int) -> str:
    """The same by the id alone."""
    performer = db.get_performer(performer_id)
    return describe(performer) if performer is not None else f"id:{performer_id}"


def find_whom(db: PerformerDatabase, words: Iterable[str], *, bare_is_local: bool) -> list[Meant]:
    """Whom each of these words means, in their order.

    ``bare_is_local``: a number without a prefix is this database's id, whatever else it could be.
    """
    meant = [Meant(word.strip()) for word in words]
    with db.read() as connection:
        reading = _Reading(connection, db, bare_is_local)
        reading.read(meant)
        for one in meant:
            one.found = load_performers(connection, one.readings)
            if bare_is_local and one.word.isdecimal():
                _take_local(one)
        strangers = [one for one in meant if not one.found and not one.doubt]
        for one in strangers[:MAX_TOLD]:
            if not one.word.isdecimal() and not is_box_id(one.word):
                near = find_near_names(connection, one.word)
                one.near = sorted(
                    load_performers(connection, near),
                    key=lambda performer: near.index(performer.id),
                )
    return meant


def _take_local(meant: Meant) -> None:
    """Only this database's id counts; who has it in an imported file is told beside it."""
    here = [one for one in meant.found if one.id == int(meant.word)]
    others = [one for one in meant.found if one not in here]
    elsewhere = "; ".join(f"{describe(one)} ({meant.readings[one.id][0]})" for one in others)
    if here and others:
        meant.note = f"{meant.word} means {describe(here[0])}, not {elsewhere}"
    elif others:
        meant.doubt = f"there is no performer {meant.word} here, but {elsewhere}"
    meant.found = here


def find_the_one(db: PerformerDatabase, word: str) -> Performer:
    """Whom a word means, a bare number as this database's id; ``BadSetting`` if it is unclear."""
    meant = find_whom(db, [word], bare_is_local=True)[0]
    if meant.performer is None:
        raise BadSetting(meant.refusal)
    return meant.performer


def _read_row_ids(word: str) -> set[str]:
    """What a file may have written for it: ``1``, ``01``, ``001``; spreadsheets drop the zeros."""
    digits = str(int(word)) if word.isdecimal() else word
    return {word, *(digits.zfill(width) for width in range(_MAX_ZEROS) if word.isdecimal())}


def _put_in_order(name: str) -> tuple[str, ...]:
    """A name's words, the first name first: ``Vey, Nora`` -> ``nora``, ``vey``."""
    last, _, first = name.partition(",")
    return split_name(f"{first} {last}")


def is_box_id(word: str) -> bool:
    return _UUID.fullmatch(word) is not None


class _Reading:
    """Reads many words with one pass over each table."""

    def __init__(self, connection: Connection, db: PerformerDatabase, bare_is_local: bool) -> None:
        self._connection = connection
        self._db = db
        self._bare_is_local = bare_is_local
        self._boxes = {
            name_box(endpoint)
            for endpoint in connection.scalars(select(stashbox_ids.c.endpoint).distinct())
        }
        self._ids: dict[int, list[Meant]] = defaultdict(list)
        self._rows: dict[str, list[tuple[Meant, str]]] = defaultdict(list)
        self._box_ids: dict[str, list[tuple[Meant, str]]] = defaultdict(list)
        self._names: dict[str, list[tuple[Meant, str]]] = defaultdict(list)

    def read(self, words: Sequence[Meant]) -> None:
        for word in words:
            self._sort(word)
        self._read_ids()
        self._read_rows()
        self._read_box_ids()
        self._read_names()

    def _sort(self, meant: Meant) -> None:
        """Which tables to ask for the word."""
        word = meant.word
        box_link, prefixed = _BOX_LINK.fullmatch(word), _PREFIXED.fullmatch(word)
        box_word = _BOX_WORD.fullmatch(word)
        prefix, value = prefixed.groups() if prefixed else ("", "")
        if box_link:
            self._box_ids[box_link[2].lower()].append((meant, name_box(box_link[1])))
        elif "://" in word:
            for owner in self._db.suppressions.find_owners_of_link(self._connection, word):
                meant.readings[owner].append(_LINK)
        elif prefix.lower() == "id" and value.isdecimal():
            self._ids[int(value)].append(meant)
        elif prefix.lower() == "row":
            file, _, row = value.rpartition("#")
            self._rows[row].append((meant, file))
        elif prefix and name_box(prefix) in self._boxes:
            self._box_ids[value.lower()].append((meant, name_box(prefix)))
        elif box_word and (not box_word[1] or name_box(box_word[1]) in self._boxes):
            self._box_ids[box_word[2].lower()].append((meant, name_box(box_word[1] or "")))
            self._rows[word].append((meant, ""))
        else:
            self._sort_bare(meant)

    def _sort_bare(self, meant: Meant) -> None:
        word = meant.word
        if word.isdecimal():
            self._ids[int(word)].append(meant)
        for row in _read_row_ids(word):
            self._rows[row].append((meant, ""))
        if self._bare_is_local and word.isdecimal():
            return
        self._box_ids[word.lower()].append((meant, ""))
        if not is_box_id(word):
            self._names[make_name_key(word)].append((meant, ""))
            noted = _NOTE.fullmatch(fold(word))
            if noted:
                self._names[make_name_key(noted[1])].append((meant, noted[2]))

    def _read_ids(self) -> None:
        wanted = [number for number in self._ids if number < 2**63]
        query = select(performers.c.id).where(performers.c.id.in_(listed(wanted)))
        for number in self._connection.scalars(query):
            for meant in self._ids[number]:
                meant.readings[number].append(_HERE)

    def _read_rows(self) -> None:
        query = select(import_rows).where(import_rows.c.row_id.in_(listed(self._rows, Text())))
        for row in self._connection.execute(query):
            for meant, file in self._rows[row.row_id]:
                if file and file != row.file:
                    continue
                if row.performer_id is None:
                    meant.doubt = meant.doubt or (
                        f"{row.row_id} is the id of a row that was not imported, or of somebody "
                        "who was forgotten"
                    )
                else:
                    reading = f"row {row.row_id} of {fold_line(row.file, 60)}"
                    meant.readings[row.performer_id].append(reading)

    def _read_box_ids(self) -> None:
        value = func.lower(stashbox_ids.c.stashbox_performer_id)
        query = select(value, stashbox_ids.c.endpoint, stashbox_ids.c.performer_id)
        wanted = listed(self._box_ids, Text())
        for found, endpoint, owner in self._connection.execute(query.where(value.in_(wanted))):
            for meant, box in self._box_ids[found]:
                if not box or box == name_box(endpoint):
                    meant.readings[owner].append(_BOX)

    def _read_names(self) -> None:
        self._names.pop("", None)
        if not self._names:
            return
        query = union_all(
            select(performers.c.id, performers.c.canonical_name),
            select(aliases.c.performer_id, aliases.c.alias),
        )
        by_note: dict[str, list[tuple[Meant, int]]] = defaultdict(list)
        turned: dict[int, list[Meant]] = defaultdict(list)
        for owner, name in self._connection.execute(query):
            for meant, note in self._names.get(make_name_key(name), ()):
                if note:
                    by_note[note].append((meant, owner))
                elif _put_in_order(name) != _put_in_order(meant.word):
                    turned[owner].append(meant)
                elif _NAME not in meant.readings[owner]:
                    meant.readings[owner].append(_NAME)
        for owner, words in turned.items():  # "Lily Rose" is somebody else than "Rose Lily"
            for meant in words:
                if owner not in meant.readings:
                    meant.readings[owner].append(_TURNED)
                    meant.doubt = meant.doubt or "a name with its words in another order"
        for note, pairs in by_note.items():
            self._read_notes(note, pairs)

    def _read_notes(self, note: str, pairs: Sequence[tuple[Meant, int]]) -> None:
        """``Anna Lee (1990)``, ``Anna Lee (the dancer)``: the namesake whom the note describes."""
        for performer in load_performers(self._connection, {owner for _, owner in pairs}):
            note_key = make_name_key(performer.disambiguation or "")
            fits = (note_key and note_key == make_name_key(note)) or (
                performer.birth_date and performer.birth_date[:4] == note
            )
            for meant, owner in pairs:
                if owner == performer.id and fits and _NAME not in meant.readings[owner]:
                    meant.readings[owner].append(_NAME)
