"""Publishing: from the accepted faces of one database state to a verified generation."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from enrichscrapy.exceptions import (
    EnrichError,
    IndexDamaged,
    IndexOfAnotherDatabase,
    IndexOfAnotherModel,
)
from enrichscrapy.files.durable import sync_folder
from enrichscrapy.files.locks import FileLock
from enrichscrapy.index import accepted, files
from enrichscrapy.index.draft import Draft
from enrichscrapy.index.manifest import Manifest
from enrichscrapy.index.reader import FaceIndex
from enrichscrapy.index.vectors import Vectors
from enrichscrapy.items import ModelInfo

if TYPE_CHECKING:
    from enrichscrapy.database import PerformerDatabase

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generation:
    """A published generation.

    ``added`` and ``removed`` count what changed in the index; ``rebuilt`` says why it was read
    from the database as a whole, and is empty when only changes were.
    """

    path: Path
    manifest: Manifest
    added: int
    removed: int
    rebuilt: str = ""


def publish(
    db: PerformerDatabase, index_dir: Path, model_id: int, *, wait: float | None = None
) -> Generation | None:
    """Bring the index up to date with the database; None when it already is.

    Only what changed since the generation in force is read from the database. That generation is
    read from disk and checked; when it is damaged, of another model or of another history, all
    accepted faces are read instead. One publisher works at a time: others wait up to ``wait``
    seconds (None: for as long as it takes) and then raise :class:`EnrichError`. ``OSError``
    (disk full, read-only folder) leaves what was published as it was, and so does another
    database's index (``IndexOfAnotherDatabase``).
    """
    with _lock_publishing(index_dir, wait):
        try:
            base = _read_base(index_dir)
            if base is not None:
                _check_ours(db, index_dir, model_id, base)
                return _publish_changes(db, index_dir, model_id, base)
            why, needed = "there was no index", _has_ever_changed(db, model_id)
        except IndexOfAnotherModel as error:
            why, needed = str(error), _has_ever_changed(db, model_id)
        except IndexDamaged as error:
            why, needed = str(error), True
        if not needed:
            return None  # this model never had an accepted face
        logger.info("Rebuilding the index from the database: %s", why)
        return _publish_all(db, index_dir, model_id, why)


def reindex(
    db: PerformerDatabase,
    index_dir: Path,
    model_id: int,
    *,
    keep_previous: bool = True,
    force: bool = False,
) -> Generation:
    """Read every accepted face from the database and publish; raises as :func:`publish` does.

    ``keep_previous=False`` (erasure) leaves no older generation behind; ``force`` replaces
    another database's index too.
    """
    with _lock_publishing(index_dir, None):
        base = None if force else _try_base(index_dir)
        if base is not None:
            _check_ours(db, index_dir, model_id, base)
        generation = _publish_all(db, index_dir, model_id, "asked for")
        if not keep_previous:
            files.prune(index_dir, {generation.path.name})
        return generation


def read_published_model(index_dir: Path) -> ModelInfo | None:
    """The model of the generation in force; raises :class:`IndexDamaged` as a reader would."""
    base = _read_base(index_dir)
    return base.model if base else None


def index_model_id(db: PerformerDatabase, index_dir: Path) -> int | None:
    """The model that the index is of or, failing that, should be of.

    That is the published one where the database has faces of it, else the model of the newest
    change to any accepted set; None when no face was ever accepted.
    """
    try:
        published = read_published_model(index_dir)
    except IndexDamaged:
        published = None
    model_id = db.faces.find_model(published) if published else None
    with db.read() as connection:
        if model_id is None or not accepted.count(connection, model_id):
            model_id = accepted.find_newest_model_id(connection)
    return model_id


@contextmanager
def _lock_publishing(index_dir: Path, wait: float | None) -> Iterator[None]:
    lock = FileLock(index_dir / "lock", "publishing")
    if not lock.acquire(wait):
        raise EnrichError(
            f"the index is being published by {lock.read_holder() or 'another process'}"
        )
    try:
        yield
    finally:
        lock.release()


def _read_base(index_dir: Path) -> Manifest | None:
    """The manifest in force, its file compared by size only: cheap enough for every tick."""
    name = files.read_current(index_dir)
    if name is None:
        return None
    try:
        manifest = Manifest.read(index_dir / name / files.MANIFEST)
        size = (index_dir / name / files.FACES).stat().st_size
    except FileNotFoundError as error:
        raise IndexDamaged(f"{index_dir / name} is gone; run scrapy reindex") from error
    if size != manifest.file_size:
        raise IndexDamaged(f"{index_dir / name / files.FACES} was cut; run scrapy reindex")
    return manifest


def _try_base(index_dir: Path) -> Manifest | None:
    try:
        return _read_base(index_dir)
    except IndexDamaged:
        return None


def _check_ours(db: PerformerDatabase, index_dir: Path, model_id: int, base: Manifest) -> None:
    """An empty database where the right one should be must not empty the index."""
    if base.database == db.token:
        return
    if not base.database:  # of an older version: its history has to tell
        try:
            with db.read() as connection:
                accepted.check_history(connection, model_id, base)
        except IndexOfAnotherModel:
            return
        except IndexDamaged:
            pass
        else:
            return
    raise IndexOfAnotherDatabase(
        f"the index in {index_dir} ({base.count} faces) was made from another database than "
        f"{db.name}: it is left as it is; scrapy reindex --force rebuilds it from this one"
    )


def _has_ever_changed(db: PerformerDatabase, model_id: int) -> bool:
    with db.read() as connection:
        return accepted.read_last_change(connection, model_id).seq > 0


def _publish_all(db: PerformerDatabase, index_dir: Path, model_id: int, why: str) -> Generation:
    with db.read() as connection:
        model = accepted.read_model_info(connection, model_id)
        change = accepted.read_last_change(connection, model_id)
        draft = Draft(model, change, Vectors(model.dimension))
        for batch in accepted.read_all_faces(connection, model_id, model.dimension):
            draft.add(batch)
    return _write(db, index_dir, draft, why)


def _publish_changes(
    db: PerformerDatabase, index_dir: Path, model_id: int, base: Manifest
) -> Generation | None:
    with db.read() as connection:
        change = accepted.read_last_change(connection, model_id)
        if not change.seq and not base.change.seq:
            return None
        accepted.check_history(connection, model_id, base)
        if change == base.change:
            _prune(index_dir, base)  # its publisher may have been killed before it came to that
            return None
        touched = accepted.list_touched_faces(connection, model_id, base.change.seq)
        dimension = base.model.dimension
        batches = list(accepted.read_faces_with_ids(connection, model_id, dimension, touched))
        expected = accepted.count(connection, model_id)
    vectors = FaceIndex.load(index_dir / base.generation, base).vectors
    draft = Draft(base.model, change, vectors, int(base.digest, base=16), set(base.skipped))
    del vectors
    draft.remove(np.asarray(touched, dtype=np.int64))
    for batch in batches:
        draft.add(batch)
    if len(draft.vectors) + len(draft.skipped) != expected:
        raise IndexDamaged(f"{index_dir / base.generation} does not add up with the database")
    return _write(db, index_dir, draft, "")


def _write(db: PerformerDatabase, index_dir: Path, draft: Draft, why: str) -> Generation:
    previous = files.name_in_force(index_dir)
    with files.make_generation(index_dir) as folder:
        mark = files.write_synced(folder / files.FACES, draft.vectors.write)
        manifest = draft.make_manifest(folder.name, previous, mark, db)
        draft.vectors = Vectors(draft.model.dimension)  # a million faces are 2 GB: free them
        files.write_bytes_synced(folder / files.MANIFEST, manifest.to_bytes())
        sync_folder(folder)
        sync_folder(index_dir)
        FaceIndex.load(folder, Manifest.read(folder / files.MANIFEST), thorough=True)
    files.swap_current(index_dir, folder.name)
    _prune(index_dir, manifest)
    return Generation(folder, manifest, draft.added, draft.removed, why)


def _prune(index_dir: Path, in_force: Manifest) -> None:
    files.prune(index_dir, {in_force.generation, in_force.previous or in_force.generation})
