"""Is the gallery as quick with 100,000 performers as with thirty? ``python -m benchmarks.gallery``.

Builds databases of made-up performers (``_names.py``) with drawn faces, which many of them share,
serves each as ``scrapy gallery`` does, and opens every page in Chromium: printed is how long after
the click the first content is on the screen, and how long until nothing is loading any more. Each
page is opened three times; the first of them finds nothing prepared.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sqlalchemy import insert

from benchmarks._names import make_world
from demo.portraits import PersonLook, Shot, render
from demo.screenshots import open_browser, open_gallery
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import (
    aliases,
    external_urls,
    faces,
    hosts,
    lookups,
    performers,
    photo_results,
    photos,
    proposals,
)
from enrichscrapy.database.vectors import encode_vector
from enrichscrapy.items import ModelInfo

LOOKS, SHOTS = 60, 4
BATCH = 2000
NOW, DAY = 1_790_000_000.0, 86_400.0
OUTCOMES = (("found", 0.62), ("absent", 0.16), ("mismatch", 0.12), ("blocked", 0.04))
VERDICTS = (
    ("accepted", "match", 0.55),
    ("accepted", "own_photo", 0.1),
    ("quarantined", "between_thresholds", 0.1),
    ("quarantined", "people_too_alike", 0.03),
    ("quarantined", "profile_differs", 0.03),
    ("rejected", "too_far", 0.12),
    ("rejected", "other_performer", 0.01),
    ("retired", "replaced_by_better", 0.06),
)
PAGES = {
    "overview": "",
    "performers": "performers",
    "middle of the list": "performers?after=m~0",
    "search, one letter": "performers?find=a",
    "search, a name": "performers?find=mar+el",
    "search, nobody": "performers?find=zzzzz",
    "waiting": "performers?show=waiting",
    "without faces": "performers?show=without",
    "lookalikes": "performers?show=alike",
    "failed": "performers?show=failed",
    "due": "performers?show=due",
    "performer": "performers/7",
    "review": "review",
    "proposals": "proposals",
    "hosts": "hosts",
}
PAINT = """() => {
  const [navigation] = performance.getEntriesByType('navigation');
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  return [navigation.responseStart, paint ? paint.startTime : null];
}"""


def draw_crops() -> list[list[bytes]]:
    """Faces of made-up people, as a crawl keeps them: JPEG of 160 pixels."""
    return [[_draw(look, shot) for shot in range(SHOTS)] for look in range(LOOKS)]


def _draw(look: int, shot: int) -> bytes:
    rng = np.random.default_rng([look, shot])
    taken = Shot(seed=shot + 17 * look, size=(160, 160), head=0.36, yaw=float(rng.uniform(-18, 18)))
    out = io.BytesIO()
    Image.fromarray(render(PersonLook.from_seed(look), taken)).save(out, "JPEG", quality=90)
    return out.getvalue()


def build(path: Path, count: int) -> None:
    """A database as a year of crawling leaves it. Rows are written as they are, in bulk."""
    crops = draw_crops()
    rng = np.random.default_rng(11)
    with PerformerDatabase(path, clock=lambda: NOW) as database:
        model_id = database.faces.ensure_model(ModelInfo("made.Up", "0" * 64, "bench-1", 512))
        world = make_world(count, 0, 0.02, 5) if count else None
        people = world.performers if world else []
        for start in range(0, len(people), BATCH):
            some = people[start : start + BATCH]
            with database.write() as connection:
                for table, rows in _rows(some, model_id, crops, rng).items():
                    if rows:
                        connection.execute(insert(_TABLES[table]), rows)
        if count:
            with database.write() as connection:
                connection.execute(insert(hosts), _hosts())


_TABLES = {
    table.name: table
    for table in (
        performers,
        aliases,
        external_urls,
        lookups,
        photos,
        photo_results,
        faces,
        proposals,
    )
}


def _rows(
    people: list[Any], model_id: int, crops: list[list[bytes]], rng: np.random.Generator
) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _TABLES}
    for person in people:
        slug = f"Person_{person.id}"
        page = f"https://www.babepedia.com/babe/{slug}"
        rows["performers"].append(
            {
                "id": person.id,
                "canonical_name": person.canonical_name,
                "gender": "FEMALE",
                "country": person.country,
                "birth_date": person.birth_date,
            }
        )
        rows["aliases"] += [
            {"performer_id": person.id, "alias": alias} for alias in dict.fromkeys(person.aliases)
        ]
        rows["external_urls"].append(
            {"performer_id": person.id, "site": "babepedia", "url": page, "normalized_id": slug}
        )
        if rng.random() > 0.8:
            continue
        outcome = _draw_one(OUTCOMES, rng, ("failed",))[0]
        rows["lookups"].append(_lookup(person.id, page, outcome, model_id, rng))
        if outcome == "found":
            for number in range(int(rng.integers(1, 7))):
                _add_face(rows, person.id, number, model_id, crops, rng)
            if rng.random() < 0.2:
                rows["proposals"].append(_proposal(person.id, page))
    return rows


def _draw_one(shares: tuple[Any, ...], rng: np.random.Generator, otherwise: Any) -> Any:
    at = rng.random()
    for one in shares:
        at -= one[-1]
        if at < 0:
            return one
    return otherwise


def _lookup(
    performer_id: int, page: str, outcome: str, model_id: int, rng: np.random.Generator
) -> dict[str, Any]:
    given_up = outcome in ("blocked", "failed") and rng.random() < 0.3
    again = NOW + DAY * float(rng.uniform(-1, 3))
    return {
        "source": "babepedia",
        "mode": "url",
        "performer_id": performer_id,
        "outcome": outcome,
        "url": page,
        "http_status": 200,
        "detail": {"failed": "http 500", "blocked": "challenge", "absent": "http 404"}.get(
            outcome, ""
        ),
        "identity": "confirmed" if outcome == "found" else None,
        "evidence": {"pages": [{"url": page, "outcome": outcome, "status": 200}]},
        "model_id": model_id if outcome == "found" else None,
        "attempts": 1,
        "blocks": 0,
        "next_attempt_at": again if outcome in ("blocked", "failed") and not given_up else None,
        "updated_at": NOW - DAY * float(rng.uniform(0, 60)),
    }


def _add_face(
    rows: dict[str, list[dict[str, Any]]],
    performer_id: int,
    number: int,
    model_id: int,
    crops: list[list[bytes]],
    rng: np.random.Generator,
) -> None:
    verdict, reason, _ = _draw_one(VERDICTS, rng, ("rejected", "too_far", 0.0))
    photo_id = performer_id * 10 + number
    kept = verdict != "rejected"
    score = {"accepted": 0.3, "quarantined": 0.55, "rejected": 0.85}.get(verdict, 0.4)
    rows["photos"].append(
        {
            "id": photo_id,
            "performer_id": performer_id,
            "url": f"https://www.babepedia.com/pics/{performer_id}-{number}.jpg",
            "sha256": f"{photo_id:064x}",
            "width": 600,
            "height": 800,
            "source": "babepedia",
            "seen_at": NOW,
        }
    )
    rows["photo_results"].append(
        {"photo_id": photo_id, "model_id": model_id, "outcome": "faces", "created_at": NOW}
    )
    vector = rng.normal(size=512).astype(np.float32)
    rows["faces"].append(
        {
            "performer_id": performer_id,
            "photo_id": photo_id,
            "model_id": model_id,
            "source": "import" if reason == "own_photo" else "babepedia",
            "vector": encode_vector(vector / np.linalg.norm(vector), 512) if kept else None,
            "crop": crops[performer_id % LOOKS][number % SHOTS] if kept else None,
            "box": [10, 10, 170, 170],
            "landmarks": [[60, 70]] * 5,
            "detection_score": 0.99,
            "quality": round(float(rng.uniform(0.3, 0.95)), 3),
            "measures": {"sharpness": 40.0},
            "verdict": verdict,
            "trusted": reason == "own_photo" or (verdict == "accepted" and rng.random() < 0.4),
            "reason": reason,
            "distances": {
                "score": round(abs(float(rng.normal(score, 0.07))), 4),
                "references": [1, 2],
                "accept": 0.43,
                "reject": 0.66,
                "other_performer": 1,
                "other_face": 1,
                "other_distance": 0.9,
                "cluster_size": 2,
                "photos": 4,
            },
            "rule_version": "5",
            "created_at": NOW,
            "updated_at": NOW,
        }
    )


def _proposal(performer_id: int, page: str) -> dict[str, Any]:
    return {
        "performer_id": performer_id,
        "kind": "link",
        "value": f"https://www.instagram.com/person{performer_id}",
        "label": "instagram",
        "source": "babepedia",
        "url": page,
        "seen_at": NOW,
    }


def _hosts() -> list[dict[str, Any]]:
    usual = {"delay": 3.2, "budget_day": "2026-09-21", "last_request_at": NOW}
    paused = {"circuit_until": NOW + 1800, "circuit_reason": "challenge: cf-mitigated"}
    opened = {"circuit_until": None, "circuit_reason": None}
    return [
        {"host": "www.babepedia.com", "source": "babepedia", **usual}
        | {"budget_used": 812, "circuit": "open", "refusals": 3, **paused},
        {"host": "www.iafd.com", "source": "iafd", **usual}
        | {"budget_used": 40, "circuit": "closed", "refusals": 0, **opened},
    ]


def measure(path: Path) -> Iterator[tuple[str, list[tuple[float, float, float]]]]:
    """Each page with what its openings took, in milliseconds: the first byte, the first content,
    and all of it."""
    with open_gallery(path) as server, open_browser() as browser:
        for name, address in PAGES.items():
            taken = []
            for _ in range(3):
                page = browser.new_page(viewport={"width": 1280, "height": 860})
                page.goto(server.link(address), wait_until="networkidle")
                began, painted = page.evaluate(PAINT)
                ended = page.evaluate(
                    "Math.max(...performance.getEntries().map(e => e.responseEnd || 0))"
                )
                taken.append((began, painted or float("nan"), ended))
                page.close()
            yield name, taken


def main() -> None:
    parser = argparse.ArgumentParser(description="How quick are the gallery's pages?")
    parser.add_argument("--performers", nargs="+", type=int, default=[0, 30, 100_000])
    parser.add_argument("--folder", type=Path, help="keep the databases here and use them again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for count in options.performers:
            path = (options.folder or Path(scratch)) / f"{count}.db"
            if not path.exists():
                build(path, count)
            print(f"\n{count:,} performers, {path.stat().st_size / 1e6:,.0f} MB; in ms")
            print(f"{'page':22}{'first opening: byte, content, all':>36}{'third':>24}")
            for name, taken in measure(path):
                cells = "".join(f"{value:10,.0f}" for value in (*taken[0], *taken[-1]))
                print(f"{name:22}      {cells}")


if __name__ == "__main__":
    main()
