"""A person with a row in every table there is, somebody else with the same, and a search."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, insert

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.performers import read_new_id
from enrichscrapy.database.reembedding import NewVector, Reembedding
from enrichscrapy.database.schema import (
    hosts,
    import_rows,
    leases,
    machines,
    merged_ids,
    minors,
    sent_values,
    stash_pictures,
    suppressed_performers,
    unread_birth_dates,
    workers,
)
from enrichscrapy.database.store import StoreReport, store_lookup
from enrichscrapy.items import Identity, Lookup, ModelInfo, Outcome, Profile, ReferenceSiteMode
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.verdicts import Limits
from tests.database.builders import accept, face, lookup, photo, quarantine, reject, unit_vector

NAME = "Sentinel Forgotten"
ALIAS = "Sentinel Alias"
PAGE = "https://www.babepedia.com/babe/Sentinel_Forgotten"
UUID = "5e971e11-0000-4000-8000-00000000000a"
TRACES = [b"sentinel", b"5e971e11"]


def populate(db: PerformerDatabase, model_id: int) -> None:
    """Give two people a row in every table that is about people."""
    for name, alias, page, uuid in (
        (NAME, ALIAS, PAGE, UUID),
        ("Other Person", "Other Alias", "https://www.babepedia.com/babe/Other_Person", "0" * 8),
    ):
        performer_id = db.add_performer(name, gender="FEMALE", import_key=f"file#{name}")
        db.add_alias(performer_id, alias)
        db.add_url(performer_id, page)
        db.add_stashbox_id(performer_id, "stashdb", uuid)
        with db.write() as connection:
            row = {"performer_id": performer_id, "merged_stashbox_id": f"m{uuid}"}
            connection.execute(insert(merged_ids).values(endpoint="stashdb", **row))
            row = {"performer_id": performer_id, "name": name, "file": "file"}
            for row_id in (f"row {name}", f"{performer_id}17"):
                connection.execute(insert(import_rows).values(row_id=row_id, **row))
            row = {"performer_id": performer_id, "stash": "http://localhost:9999", "sent_at": 1.0}
            connection.execute(insert(sent_values).values(kind="alias", value=name, **row))
            row = {"performer_id": performer_id, "text": f"{name} will not say", "seen_at": 1.0}
            connection.execute(insert(unread_birth_dates).values(row))
            row = {"performer_id": performer_id, "file": "stash-go.sqlite", "row_id": uuid}
            connection.execute(insert(stash_pictures).values(wanted=f"{uuid} now", **row))
        performer = db.get_performer(performer_id)
        assert performer is not None
        slug = name.replace(" ", "_")
        shots = [photo(f"{slug}{number}") for number in range(4)]
        verdicts = [accept(), accept(trusted=True), reject(), quarantine()]
        seeds = range(10 * performer_id, 10 * performer_id + 4)
        item = lookup(
            performer,
            url=page,
            identity=Identity.CONFIRMED,
            evidence={"identity": {"name": name}},
            photos=shots,
            faces=[face(s, n, v) for s, n, v in zip(shots, seeds, verdicts, strict=True)],
            profile=Profile(
                name, page, aliases=(f"{name} Third",), links={"x": (f"https://x.com/{slug}",)}
            ),
        )
        store(db, item, model_id)
    # What lookups of the other one say of her.
    other = db.get_performer(2)
    assert other is not None
    mismatch = lookup(
        other,
        Outcome.MISMATCH,
        source="iafd",
        mode=ReferenceSiteMode.NAME_LOOKUP,
        url=PAGE,
        detail=f"is {ALIAS}",
        evidence={"pages": ["https://www.iafd.com/person.rme/perfid=sentinel%20forgotten"]},
    )
    store(db, mismatch, model_id)
    found = lookup(other, source="iafd", profile=Profile("Other Person", PAGE, aliases=(NAME,)))
    store(db, found, model_id)
    with db.write() as connection:
        connection.execute(
            insert(hosts).values(host="a", source="babepedia", circuit_reason=f"403 at {PAGE}")
        )
        for performer_id, kind in ((1, "link"), (2, "name")):
            row = {"performer_id": performer_id, "kind": kind, "confirmed_at": 1.0}
            connection.execute(insert(suppressed_performers).values(row))
            word = {"performer_id": performer_id, "said_by": "iafd", "adult_on": "2001-01-01"}
            connection.execute(insert(minors).values(word))
        lease_to_a_crawl(connection)
    db.ledger.register_sources(["elsewhere"])
    stage_vectors(db)
    reject_by_hand(db)


def lease_to_a_crawl(connection: Connection) -> None:
    """As on a database that several machines share: a crawl there, long dead, has claimed both."""
    machine = {"name": "elsewhere", "first_seen": 1.0, "last_seen": 1.0, "struck_off_at": 2.0}
    connection.execute(insert(machines).values(machine))
    row = {"machine": "elsewhere", "pid": 1, "started_at": 1.0, "expires_at": 2.0}
    worker = connection.execute(insert(workers).values(source="iafd", mode="url", **row))
    for performer_id in (1, 2):
        row = {"performer_id": performer_id, "worker_id": read_new_id(worker)}
        connection.execute(insert(leases).values(source="iafd", mode="url", **row))


def stage_vectors(db: PerformerDatabase) -> None:
    """A move to another model was begun: every kept face has its next vector already."""
    next_model = ModelInfo("invented", "0" * 64, "next-1", 512)
    moving = Reembedding(db, db.faces.ensure_model(next_model))
    kept = moving.read_next_faces(0, 100)
    moving.stage([NewVector(each.id, unit_vector(1000 + each.id), 0.5, {}) for each in kept])


def reject_by_hand(db: PerformerDatabase) -> None:
    """A face of each was rejected, and can still be taken back."""
    for performer_id in (1, 2):
        desk = ReviewDesk(db, Limits(5, 20))
        waiting = [face.id for face in db.get_faces(performer_id) if face.verdict == "quarantined"]
        desk.reject(waiting[0])


def store(db: PerformerDatabase, item: Lookup, model_id: int) -> StoreReport:
    return store_lookup(db, item, model_id=model_id, retry=RetryPolicy(), judge=None)


def traces_in(folder: Path) -> list[tuple[str, bytes | str]]:
    """Files under a folder that hold a trace of the person, in any case."""
    found: list[tuple[str, bytes | str]] = []
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            found += [(path.name, trace) for trace in TRACES if trace in data]
            vectors = [unit_vector(seed).tobytes() for seed in (*range(10, 14), 1001, 1002, 1004)]
            found += [(path.name, "vector") for vector in vectors if vector in path.read_bytes()]
    return found
