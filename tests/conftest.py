"""What tests of several packages share: a database of their own, drawn portraits, the real
network with weights drawn by lot. Torch is imported only by those that need it."""

from __future__ import annotations

import copy
import gc
import hashlib
import io
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before numpy and torch are imported: their threads would spin for the cores that other tests need.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings
from PIL import Image

from demo.portraits import PersonLook, Shot, draw_portrait, render
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.faces.quality import Gates
from enrichscrapy.items import ModelInfo
from tests.support import databases_on, open_database

if TYPE_CHECKING:
    from enrichscrapy.faces.engine import FaceEngine, FaceOptions, PhotoFaces
    from tests.postgres import Server

# The same examples each time, however slow the machine.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")

MODEL = ModelInfo("invented", "0" * 64, "none-1", 512)
SKIN = (0.85, 0.66, 0.56)
STRICT = Gates(
    photo_min_side=160,
    min_size=50,
    min_share=0.04,
    min_score=0.9,
    min_sharpness=28,
    min_highlights=60,
    max_shadows=190,
    min_contrast=12,
    max_clipped=0.4,
    max_yaw=60,
    max_roll=45,
    dominance=4,
)


LONGEST = (
    "tests/test_tutorial.py",
    "tests/crawls/",
    "tests/resume/",
    "tests/test_scrapyd.py",
    "tests/commands/",
    "tests/downloadermiddlewares/",
    "tests/calibration/",
    "tests/forgetting/",
)
"""Begun first, so that no core waits for them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays: the collector need not go through it time and again."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def db(tmp_path: Path, clock: Clock) -> Iterator[PerformerDatabase]:
    with open_database(tmp_path / "performers.db", clock) as database:
        yield database


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The run's own PostgreSQL server; see ``tests/postgres.py``."""
    from tests.postgres import run_server

    folder = tmp_path_factory.getbasetemp()
    in_parallel = "PYTEST_XDIST_WORKER" in os.environ
    with run_server(folder.parent / "postgres" if in_parallel else None) as server:
        yield server


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``@pytest.mark.on_both`` runs a test on a file of SQLite and on a database of PostgreSQL.

    The latter is for ``make test-all``, but for the tests that ``short`` names.
    """
    mark = metafunc.definition.get_closest_marker("on_both")
    is_for_files = metafunc.definition.get_closest_marker("sqlite_only") is not None
    if mark is None or is_for_files or "tmp_path" not in metafunc.fixturenames:
        return  # what opens a database has a folder for it
    is_short = metafunc.function.__name__ in mark.kwargs.get("short", ())
    marks = [] if is_short else [pytest.mark.long]
    both = ["sqlite", pytest.param("postgresql", marks=marks)]
    metafunc.parametrize("dialect", both, indirect=True)


@pytest.fixture(autouse=True)
def dialect(request: pytest.FixtureRequest) -> Iterator[str]:
    """The kind of database that the test's are of."""
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        yield kind
        return
    with databases_on(request.getfixturevalue("postgres")):
        yield kind


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    """The URL of a fresh database of that server, with all tables."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture
def model_id(db: PerformerDatabase) -> int:
    return db.faces.ensure_model(MODEL)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the whole run: what one process has made is there for the others."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session", autouse=True)
def portraits_drawn_once(shared: Path) -> Iterator[None]:
    """The demo's people are drawn once a run: a portrait takes as long as many a test."""
    kept = shared / "portraits"
    kept.mkdir(exist_ok=True)

    def draw(look: PersonLook, shot: Shot) -> bytes:
        path = kept / hashlib.sha256(repr((look, shot)).encode()).hexdigest()
        if not path.exists():
            drawn = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            drawn.write_bytes(draw_portrait(look, shot))
            drawn.replace(path)
        return path.read_bytes()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("demo.people.draw_portrait", draw)
        yield


@pytest.fixture(scope="session")
def weights(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """(path, sha256) of a weights file with seeded random weights."""
    path = shared / "weights.pt"
    if not path.exists():
        from tests.weights import random_state, save_weights

        drawn, _ = save_weights(tmp_path_factory.mktemp("weights"), random_state(1))
        drawn.replace(path)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="session")
def options(weights: tuple[Path, str]) -> FaceOptions:
    from enrichscrapy.faces.engine import FaceOptions

    path, sha256 = weights
    return FaceOptions(weights=path, sha256=sha256, gates=STRICT)


@pytest.fixture(scope="session")
def engine(options: FaceOptions) -> FaceEngine:
    from enrichscrapy.faces.engine import FaceEngine

    return FaceEngine(options)


@pytest.fixture(scope="session")
def looker() -> LooksOnce:
    """The engine with the demo's stand-in, which looks at each photo once a session."""
    from enrichscrapy.faces.engine import FaceEngine, FaceOptions

    return LooksOnce(FaceEngine(FaceOptions(model="demo.stand_in.LocalBinaryPatterns")))


class LooksOnce:
    """What an engine sees in a photo is the same every time; callers write into what they get."""

    def __init__(self, engine: FaceEngine) -> None:
        self.info, self._engine = engine.info, engine
        self._seen: dict[bytes, PhotoFaces] = {}

    def look(self, photos: Sequence[bytes]) -> list[PhotoFaces]:
        for photo in photos:
            if photo not in self._seen:
                (self._seen[photo],) = self._engine.look([photo])
        return [copy.deepcopy(self._seen[photo]) for photo in photos]


@pytest.fixture(scope="session")
def portrait() -> Callable[..., Image.Image]:
    """``portrait(seed, **shot)``: the drawn picture of one person, kept for the session."""
    kept: dict[tuple[Any, ...], Image.Image] = {}

    def draw(seed: int = 2, **shot: Any) -> Image.Image:
        key = (seed, *sorted(shot.items()))
        if key not in kept:
            picture = Shot(**{"seed": seed, "size": (300, 400), **shot})
            look = replace(PersonLook.from_seed(seed), skin=SKIN, glasses=None, beard="none")
            kept[key] = Image.fromarray(render(look, picture))
        return kept[key].copy()

    return draw


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """``encode(image, "JPEG", **options)`` -> bytes."""

    def save(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    return save


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_run(shared: Path) -> Iterator[None]:
    """What the program remembers of the machine goes into the run's folder, not the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
        yield
