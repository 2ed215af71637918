from tests.database.conftest import clock, db

__all__ = ["clock", "db"]
