"""A database as the database tests have it."""

from tests.database.conftest import clock, db, model_id

__all__ = ["clock", "db", "model_id"]
