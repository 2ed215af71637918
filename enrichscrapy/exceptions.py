"""Errors that a person can act on. Each message is one line and says what to do."""

from __future__ import annotations

from typing import Self

SHOWN = 80
"""Characters of an unusable value that its message quotes."""


class EnrichError(Exception):
    """Base of all errors this project raises on purpose.

    ``exit_code`` is what a command ends with when the error reaches it.
    """

    exit_code = 1


class BadSetting(EnrichError):
    """A setting or a spider argument cannot be used; raised before the first request."""

    exit_code = 2

    @classmethod
    def name_setting(cls, name: str, value: object, allowed: str) -> Self:
        """The one line for a value that cannot be used; ``allowed`` says what can be."""
        quoted = " ".join(str(value).split())
        quoted = quoted if len(quoted) <= SHOWN else f"{quoted[: SHOWN - 1]}…"
        return cls(f"{name}={quoted} is not usable: give {allowed}")


class NoDatabase(BadSetting):
    """There are no performers yet where the setting leads; importing some makes the database."""


class SourceLocked(EnrichError):
    """Another crawl of the same source holds its lock."""

    exit_code = 4


class LeaseLost(EnrichError):
    """A lookup is another crawl's by now: this one did not renew its lease in time."""


class DatabaseDamaged(EnrichError):
    """The database fails its own check; restore a backup or, of SQLite, run ``.recover``."""


class DatabaseUnavailable(EnrichError):
    """The database cannot be used now: disk full, not writable, locked, of a newer version."""


class ConnectionLost(DatabaseUnavailable):
    """The database's server cannot be reached, or was lost; nobody knows of an open transaction
    whether it was written.
    """


class WriteConflict(DatabaseUnavailable):
    """Two transactions stood in each other's way, and this one was undone: it can be repeated."""


class SuppressionKeyMissing(EnrichError):
    """Suppressions exist but the key beside the database does not: nobody could be kept out."""

    exit_code = 2


class WeightsError(BadSetting):
    """The face weights are missing or are not the named ones."""


class IndexDamaged(EnrichError):
    """A published index file is cut, swapped, stale or of another model; run ``scrapy reindex``."""


class IndexOfAnotherModel(IndexDamaged):
    """The published index is whole, but of another face model than the one in use."""


class IndexOfAnotherDatabase(EnrichError):
    """The published index was made from another database: it is left as it is."""


class UnreadableFile(EnrichError):
    """An imported file is missing, cannot be read, or is of no known kind; nothing was imported."""

    exit_code = 2


class ImportRowError(EnrichError):
    """One row of an imported file cannot be used; it is reported by number and skipped."""

    key: str | None = None
    """The row's id, where it could be read."""


class StashRefused(EnrichError):
    """A running Stash cannot be reached, is not one, or refuses the request."""

    exit_code = 2


class StashSays(StashRefused):
    """A running Stash answered with an error in its own words: what was asked is not done."""


class PictureMissing(EnrichError):
    """A performer's picture is not available now; it is counted, and requested again next time."""


class VerdictRefused(EnrichError):
    """A verdict cannot be changed so: no such face, nothing to undo, or its vector is gone."""
