"""Machines that hold files of a shared database, and which erasures have reached them.

A machine is a name (``MACHINE_NAME``): what it holds (index, JOBDIRs, logs, kept photos, exports)
lies on its own disk, where no other can remove it. So an erasure stays until each has answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, exists, func, literal, or_, select, update

from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.schema import artefacts, erasure_answers, erasures, machines, workers
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.files.token import find_token

if TYPE_CHECKING:
    from enrichscrapy.database.connection import Database


@dataclass(frozen=True)
class Machine:
    """``erasures_left`` counts those it has not answered; ``struck_off_at`` is None but for one
    that a person has said will not come back. Times are UTC seconds.
    """

    name: str
    last_seen: float
    struck_off_at: float | None
    erasures_left: int
    files: int


def note(connection: Connection, db: Database, now: float) -> None:
    """This machine is here; a new one holds nothing that was erased before.

    Raises ``BadSetting`` for one that was struck off, since what it holds may have been erased
    meanwhile, and where another has its name: one would answer for both.
    """
    name, token = db.machine, find_token(db.path.with_name(f"{db.path.name}.machine"))
    row = {"name": name, "token": token, "first_seen": now, "last_seen": now}
    connection.execute(insert(machines).values(row).on_conflict_do_nothing())
    is_it = machines.c.name == name
    known = connection.execute(select(machines).where(is_it)).one()
    if known.struck_off_at is not None:
        raise BadSetting(
            f"{name} was struck off the machines of this database: remove its index, JOBDIRs, "
            f"logs, kept photos and exports, then run scrapy machines --take-back {name}"
        )
    if known.token != token:
        raise BadSetting(
            f"another machine, or another STATE_DIR, is called {name} already: give this one a "
            f"MACHINE_NAME of its own, or scrapy machines --strike-off {name} if that one is lost"
        )
    connection.execute(update(machines).where(is_it).values(last_seen=now))


def list_machines(connection: Connection) -> list[Machine]:
    """All of them, by name."""
    is_left = (
        erasure_answers.c.machine == machines.c.name,
        erasure_answers.c.answered_at.is_(None),
    )
    left = select(func.count()).where(*is_left).scalar_subquery()
    files = select(func.count()).where(artefacts.c.machine == machines.c.name).scalar_subquery()
    columns = (machines.c.name, machines.c.last_seen, machines.c.struck_off_at, left, files)
    rows = connection.execute(select(*columns).order_by(machines.c.name))
    return [Machine(*row) for row in rows]


def strike_off(connection: Connection, name: str, now: float) -> bool:
    """A person says that the machine will not come back: nothing waits for it any more.

    False for an unknown one. Its crawls' leases come back as any dead one's do.
    """
    gone = update(machines).where(machines.c.name == name).values(struck_off_at=now)
    if not connection.execute(gone).rowcount:
        return False
    connection.execute(delete(erasure_answers).where(erasure_answers.c.machine == name))
    connection.execute(delete(artefacts).where(artefacts.c.machine == name))
    connection.execute(delete(workers).where(workers.c.machine == name))
    return True


def take_back(connection: Connection, name: str) -> bool:
    """It did come back, and a person has removed what it held; False where none was struck off."""
    struck = (machines.c.name == name, machines.c.struck_off_at.is_not(None))
    return connection.execute(delete(machines).where(*struck)).rowcount > 0


# --- Erasures ------------------------------------------------------------------------------------
def ask_all(connection: Connection, erasure_id: int) -> None:
    """Every machine has to answer this erasure; one that was asked already is not asked again."""
    asked = select(literal(erasure_id), machines.c.name).where(machines.c.struck_off_at.is_(None))
    statement = insert(erasure_answers).from_select(["erasure_id", "machine"], asked)
    connection.execute(statement.on_conflict_do_nothing())


def answer(connection: Connection, erasure_id: int, name: str, now: float) -> None:
    """The machine holds nothing of that person any more."""
    mine = update(erasure_answers).filter_by(erasure_id=erasure_id, machine=name)
    connection.execute(mine.values(answered_at=now))


def list_silent(connection: Connection, erasure_id: int) -> list[str]:
    """Machines that have not answered an erasure."""
    query = select(erasure_answers.c.machine).where(
        erasure_answers.c.erasure_id == erasure_id, erasure_answers.c.answered_at.is_(None)
    )
    return sorted(connection.scalars(query))


def list_open(connection: Connection, name: str) -> list[int]:
    """Erasures that this machine has to carry out, or to end because all have answered.

    Where the database is a file no machine is asked, and these are all there are.
    """
    silent = erasure_answers.c.answered_at.is_(None)
    of_it = erasure_answers.c.erasure_id == erasures.c.id
    waits_for_others = exists().where(of_it, silent)
    waits_for_it = exists().where(of_it, silent, erasure_answers.c.machine == name)
    query = select(erasures.c.id).where(or_(~waits_for_others, waits_for_it))
    return list(connection.scalars(query.order_by(erasures.c.id)))


def has_to_forget(connection: Connection, name: str) -> bool:
    """Whether somebody has to be forgotten on this machine before it goes on."""
    query = (
        select(erasures.c.id)
        .join(erasure_answers)
        .where(
            erasures.c.kind == "person",
            erasure_answers.c.machine == name,
            erasure_answers.c.answered_at.is_(None),
        )
    )
    return connection.scalar(query.limit(1)) is not None
