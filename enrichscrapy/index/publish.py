"""How the index is published, from one state of the database; ``extensions/publisher.py``: when."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection

from enrichscrapy.database.locks import lock_publishing
from enrichscrapy.exceptions import (
    IndexDamaged,
    IndexOfAnotherDatabase,
    IndexOfAnotherModel,
)
from enrichscrapy.index import accepted, files
from enrichscrapy.index.accepted import Batch
from enrichscrapy.index.draft import Draft
from enrichscrapy.index.manifest import EXACT_FACES, FORMAT, Manifest
from enrichscrapy.index.segments import OpenSegment, check_file
from enrichscrapy.items import ModelInfo

if TYPE_CHECKING:
    from enrichscrapy.database import PerformerDatabase

logger = logging.getLogger(__name__)

_COUNTED = 100_000
"""Up to so many faces each publishing counts them (2 ms); ``verify`` compares any number."""


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
    db: PerformerDatabase,
    index_dir: Path,
    model_id: int,
    *,
    wait: float | None = None,
    exact_faces: int | None = None,
) -> Generation | None:
    """Bring the index up to date with the database; None when it already is.

    Only what changed since the generation in force is read from the database and written, with
    the few segments that are merged or lose a face that the database no longer has. What is read
    of that generation is checked; when it is damaged, of an older layout, of another model or of
    another history, all accepted faces are read instead. Up to ``exact_faces`` every search
    compares all faces (None: as the generation in force has it). One publisher works at a time:
    others wait up to ``wait`` seconds (None: for as long as it takes) and then raise
    :class:`EnrichError`. ``OSError`` (disk full, read-only folder) leaves what was published as it
    was, and so does another database's index (``IndexOfAnotherDatabase``).
    """
    with lock_publishing(db, index_dir, wait):
        return _Publisher(db, index_dir, model_id, exact_faces).bring_up_to_date()


def erase(db: PerformerDatabase, index_dir: Path, model_id: int) -> Manifest | None:
    """As :func:`publish`, and leave no file that holds a face whose vector the database lacks.

    Segments with such a face are rewritten, generations before are removed. Returns what is in
    force then; None when there is no index.
    """
    with lock_publishing(db, index_dir, None):
        _Publisher(db, index_dir, model_id, None).bring_up_to_date(erase=True)
        in_force = _read_base(index_dir)
        if in_force is not None:
            _prune(index_dir, [in_force])
        return in_force


def reindex(
    db: PerformerDatabase,
    index_dir: Path,
    model_id: int,
    *,
    force: bool = False,
    exact_faces: int | None = None,
) -> Generation:
    """Read every accepted face from the database and publish; raises as :func:`publish` does.

    ``force`` replaces another database's index too.
    """
    with lock_publishing(db, index_dir, None):
        base = None if force else _try_base(index_dir)
        if base is not None:
            _check_ours(db, index_dir, model_id, base)
        return _Publisher(db, index_dir, model_id, exact_faces).publish_all("asked for")


def read_published_model(index_dir: Path) -> ModelInfo | None:
    """The model of the generation in force; raises :class:`IndexDamaged` as a reader would."""
    base = _read_base(index_dir)
    return base.model if base else None


def find_index_model_id(db: PerformerDatabase, index_dir: Path) -> int | None:
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


def _read_base(index_dir: Path) -> Manifest | None:
    """The manifest in force, its files compared by size only: cheap enough for every tick."""
    name = files.read_current(index_dir)
    if name is None:
        return None
    try:
        manifest = Manifest.read(index_dir / name / files.MANIFEST)
        for file in manifest.files:
            if (index_dir / file.name).stat().st_size != file.size:
                raise IndexDamaged(f"{index_dir / file.name} was cut; run scrapy reindex")
    except FileNotFoundError as error:
        raise IndexDamaged(f"{error.filename} is gone; run scrapy reindex") from error
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


@dataclass(frozen=True)
class _Publisher:
    """Makes one generation of what the database says; the lock is held."""

    db: PerformerDatabase
    index_dir: Path
    model_id: int
    exact_faces: int | None

    def bring_up_to_date(self, *, erase: bool = False) -> Generation | None:
        try:
            base = _read_base(self.index_dir)
            if base is not None:
                _check_ours(self.db, self.index_dir, self.model_id, base)
                return self._publish_changes(base, erase)
            why, needed = "there was no index", _has_ever_changed(self.db, self.model_id)
        except IndexOfAnotherModel as error:
            why, needed = str(error), _has_ever_changed(self.db, self.model_id)
        except IndexDamaged as error:
            why, needed = str(error), True
        if not needed:
            return None  # this model never had an accepted face
        logger.info("Rebuilding the index from the database: %s", why)
        return self.publish_all(why)

    def publish_all(self, why: str) -> Generation:
        base = _try_base(self.index_dir)
        with ExitStack() as reading:
            connection = reading.enter_context(self.db.read())
            model = accepted.read_model_info(connection, self.model_id)
            change = accepted.read_last_change(connection, self.model_id)
            draft = Draft(self.index_dir, model, change, self._choose_exact(base))
            everything = accepted.read_all_faces(connection, self.model_id, model.dimension)
            return self._write(draft, everything, 0, reading, why)

    def _publish_changes(self, base: Manifest, erase: bool) -> Generation | None:
        with ExitStack() as reading:
            connection = reading.enter_context(self.db.read())
            change = accepted.read_last_change(connection, self.model_id)
            if not change.seq and not base.change.seq:
                return None
            accepted.check_history(connection, self.model_id, base)
            if base.format != FORMAT:
                raise IndexDamaged(f"generation {base.generation} is of an older layout")
            draft = Draft.on(base, self.index_dir, change, self._choose_exact(base))
            touched = accepted.list_touched_faces(connection, self.model_id, base.change.seq)
            out = draft.take_out(np.asarray(touched, dtype=np.int64))
            gone = draft.gone if erase else out
            draft.dropped = set(gone).difference(accepted.list_kept(connection, gone))
            if change == base.change and not draft.dropped:
                _prune_for(self.index_dir, base)  # its publisher may have died before it did
                return None
            incoming = self._read_checked(connection, draft, touched)
            return self._write(draft, incoming, len(touched), reading)

    def _read_checked(
        self, connection: Connection, draft: Draft, touched: Sequence[int]
    ) -> Iterator[Batch]:
        """Those of ``touched`` that are accepted; then all are counted, where that is quick."""
        dimension = draft.model.dimension
        yield from accepted.read_faces_with_ids(connection, self.model_id, dimension, touched)
        count = draft.count + draft.added + len(draft.skipped)
        if count <= _COUNTED and count != accepted.count(connection, self.model_id):
            raise IndexDamaged("the generation in force does not add up with the database")

    def _choose_exact(self, base: Manifest | None) -> int:
        if self.exact_faces is not None:
            return self.exact_faces
        return base.exact_faces if base is not None else EXACT_FACES

    def _write(
        self,
        draft: Draft,
        incoming: Iterable[Batch],
        expected: int,
        reading: ExitStack,
        why: str = "",
    ) -> Generation:
        """``reading`` is closed as soon as ``incoming`` was read: what is left takes long, and a
        database that is being read cannot tidy its log."""
        previous = files.find_current(self.index_dir)
        with files.make_generation(self.index_dir) as new:
            draft.write_segments(new, incoming, expected)
            reading.close()
            draft.write_codes(new)
            manifest = draft.make_manifest(new.folder.name, previous, self.db)
            files.write_bytes_synced(new.folder / files.MANIFEST, manifest.to_bytes())
            new.sync()
            _read_back(self.index_dir, new)
        files.swap_current(self.index_dir, new.folder.name)
        _prune_for(self.index_dir, manifest)
        return Generation(new.folder, manifest, draft.added, draft.removed, why)


def _read_back(index_dir: Path, new: files.NewGeneration) -> None:
    """Compare what was written, as it lies on the disk now, with what should have been."""
    manifest = Manifest.read(new.folder / files.MANIFEST)
    segments = {segment.file: segment for segment in manifest.segments}
    for file in manifest.files:
        if index_dir / file.name not in new.written:
            continue
        if file in segments:
            alone = replace(segments[file], codes=None)
            OpenSegment.open(index_dir, alone, manifest.model.dimension, thorough=True)
        else:
            check_file(index_dir, file, from_disk=True)


def _prune_for(index_dir: Path, in_force: Manifest) -> None:
    """Keep the generation in force and the one before it, which readers may still be opening."""
    kept = [in_force]
    with suppress(FileNotFoundError, IndexDamaged):  # then it is of no use to anybody
        kept.append(Manifest.read(index_dir / str(in_force.previous) / files.MANIFEST))
    _prune(index_dir, kept)


def _prune(index_dir: Path, kept: Sequence[Manifest]) -> None:
    names = {file.name for manifest in kept for file in manifest.files}
    files.prune(index_dir, {manifest.generation for manifest in kept}, names)
