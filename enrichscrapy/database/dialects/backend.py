"""What a database is to the rest of this program, whichever it is."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.exc import SQLAlchemyError

from enrichscrapy.facts.text import fold_line


class Watch(Protocol):
    """Tells that a database was written to, by whomever. Safe for threads."""

    def read_stamp(self) -> object:
        """Something else than before when it was."""

    def close(self) -> None:
        """Nothing is asked any more."""


class Backend(ABC):
    """One database of one kind, opened or not.

    ``name`` is what messages call it, without a password. ``path`` names it on this machine: what
    belongs to it here lies beside that (locks, the suppression key, reports). ``busy_timeout`` is
    how many seconds a writer waits for another, or for a server that was lost. ``is_shared``: other
    machines may use it at the same time, and each has a clock of its own. ``baseline``
    is the step of the schema with which this kind of database begins.
    """

    name: str
    path: Path
    busy_timeout: float
    is_shared: bool = False
    baseline: ClassVar[str | None] = None

    @abstractmethod
    def check_exists(self) -> None:
        """Raise ``NoDatabase`` where there is none; what can be told without opening it."""

    @abstractmethod
    def open(self, *, create: bool) -> Engine:
        """Connect and look whether it can be used; ``create`` makes what is missing.

        Raises ``BadSetting``, ``DatabaseDamaged`` or ``DatabaseUnavailable``. A transaction of a
        connection with the execution option ``writes`` writes, and is alone in that unless the
        option ``shared`` is set too; any other sees one state of the database and cannot write.
        """

    @abstractmethod
    def check_same(self) -> None:
        """Raise ``DatabaseUnavailable`` when the name leads to another database by now."""

    @abstractmethod
    def check(self, connection: Connection) -> None:
        """Read the whole database, however long it takes; raises ``DatabaseDamaged``."""

    @abstractmethod
    def run_script(self, connection: Connection, script: str) -> None:
        """Run the statements of a file, in the caller's transaction."""

    @abstractmethod
    def shrink(self, engine: Engine) -> str:
        """Rewrite it without what was deleted; returns what could not be emptied, and why."""

    @abstractmethod
    def watch(self, engine: Engine) -> Watch:
        """Begin to watch it."""

    def find_last_id(self, connection: Connection, table: Table) -> int:
        """The highest id that a row of ``table`` ever had, as far as that is remembered."""
        (key,) = table.primary_key
        highest = connection.scalar(select(func.max(key))) or 0
        return max(highest, self.read_sequence(connection, table))

    @abstractmethod
    def read_sequence(self, connection: Connection, table: Table) -> int:
        """The last id that was given to a row of ``table``; 0 where that is not remembered."""

    @abstractmethod
    def set_last_id(self, connection: Connection, table: Table, last: int) -> None:
        """The next row of ``table`` shall have an id above ``last``."""

    @abstractmethod
    def reserve_ids(self, connection: Connection, table: Table, count: int) -> Sequence[int]:
        """Ids that no row of ``table`` ever had, for rows that this transaction writes with them.

        Asking for each row's id after its INSERT costs more than the rows themselves.
        """


def write_json(value: Any) -> str:
    """JSON as it is stored: NumPy's numbers, which evidence is full of, are plain ones."""
    return _write_json(value)


def describe_statement(error: SQLAlchemyError) -> str:
    """A statement that the database refuses, in one line: its tables are not this program's."""
    reason = fold_line(str(getattr(error, "orig", None) or error))
    return f"the database does not fit this program ({reason}): has another one changed it?"


def _to_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


_write_json = partial(json.dumps, ensure_ascii=False, default=_to_plain)
