"""Faces beside facenet-pytorch used plainly: ``python -m benchmarks.faces``.

Both look at the same JPEG bytes in turns, in processes of their own: photos a second at three
sizes, faces a second of the network alone, memory, start-up, and how far boxes and vectors
differ. Ours runs as the crawl runs it, worker processes and all. With ``FACE_WEIGHTS`` the real
network is measured, without it one of random weights, which costs the same.

Both may use every core. Ours has to leave the crawl its core all the same: how late this program's
event loop wakes up while the workers are busy is printed too. Ours embeds each face and its mirror
image, plain use the face only. So every photo is looked at three times: plainly, by ours as it is,
and by ours with the mirror image left out, pass for pass; the bar is on the last. Of the network
alone, one pass is set beside one pass. On a machine that does other work at the same time, believe
the ratio of processor time rather than that of the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import _photos
from benchmarks._plain import Found, OnePass, PlainProcess, Timing
from enrichscrapy import settings
from enrichscrapy.faces import engines
from enrichscrapy.faces.crop import CROP_SIZE, measure_overlap
from enrichscrapy.faces.engine import FaceOptions, PhotoFaces
from enrichscrapy.faces.workers import FaceWorkers
from enrichscrapy.settings_reader import read_settings

SIZES = ((400, 600), (1000, 1500), (2000, 3000))
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PHOTO_TARGET, COSINE_TARGET = 12.0, 0.9999
# Times the faces a second of the plain network, one pass each, with and without AMX.
FACE_TARGETS = {True: 5.0, False: 3.3}
SAME_BOX = 0.5
TICK = 0.005
HEADING = "{:<16}{:>7}{:>8}{:>16}{:>10}{:>16}"


@dataclass(frozen=True)
class Round:
    """The same photos, once by each; ``one_pass`` is ours without the mirror images."""

    plain: Timing
    ours: Timing
    one_pass: Timing


@dataclass
class Agreement:
    """How ours compares with plain use over the faces that can pass the gates."""

    overlaps: list[float]
    missed: int = 0
    refused: int = 0


@dataclass
class Delays:
    """How late the event loop wakes up, in seconds, while the workers are busy."""

    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        watcher = asyncio.get_running_loop().create_task(self._watch())
        try:
            yield
        finally:
            watcher.cancel()

    async def _watch(self) -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(TICK)
            self.seconds.append(time.perf_counter() - started - TICK)

    def report(self) -> None:
        middle, late, latest = (1000 * np.quantile(self.seconds, q) for q in (0.5, 0.99, 1))
        print(
            f"meanwhile the event loop wakes {middle:.1f} ms late; 99 % of the time within "
            f"{late:.1f} ms, at most {latest:.1f} ms ({len(self.seconds)} times)"
        )


async def measure(options: argparse.Namespace, faces: FaceOptions) -> bool:
    """Print everything; False when faces or vectors are not the plain ones."""
    if faces.weights is None:
        raise ValueError("the benchmark needs a weights file")
    plain = PlainProcess(faces.weights, faces.sha256)
    started = time.perf_counter()
    workers = FaceWorkers(faces)
    await workers.start()
    start_seconds = time.perf_counter() - started
    one_pass = FaceWorkers(replace(faces, model=f"{OnePass.__module__}.{OnePass.__name__}"))
    await one_pass.start()
    crops: list[bytes] = []
    agreement, delays = Agreement([]), Delays()
    try:
        print(f"{len(workers.pids)} worker(s) of {faces.threads} thread(s)")
        print(HEADING.format("photos a second", "plain", "ours", "ratio", "one pass", "ratio"))
        for size in SIZES:
            photos = take(options, size)
            rounds, results, found = await compare(
                plain, workers, one_pass, photos, options.rounds, delays
            )
            report_rounds(size, rounds, len(photos))
            agree(agreement, results, found, faces)
            crops += [face.crop for result in results for face in result.faces]
        delays.report()
        report_costs(plain, plain.start_seconds, workers, start_seconds)
        return report_network(plain, crops, faces.batch_size) & report_agreement(agreement)
    finally:
        await workers.close()
        await one_pass.close()
        plain.close()


def take(options: argparse.Namespace, size: _photos.Size) -> list[bytes]:
    if options.faces:
        return _photos.from_folder(options.faces, size, options.photos)
    return _photos.drawn(size, options.photos)


async def compare(
    plain: PlainProcess,
    workers: FaceWorkers,
    one_pass: FaceWorkers,
    photos: Sequence[bytes],
    rounds: int,
    delays: Delays,
) -> tuple[list[Round], list[PhotoFaces], list[Found]]:
    """All in turns; the first photos warm them up and are not counted."""
    plain.look(photos[:2])
    await workers.look(photos)
    await one_pass.look(photos)
    done = []
    for _ in range(rounds):
        theirs, found = plain.look(photos)
        with delays.watched():
            results, ours = await timed(workers, photos)
        _, ours_once = await timed(one_pass, photos)
        done.append(Round(theirs, ours, ours_once))
    return done, results, found


async def timed(workers: FaceWorkers, photos: Sequence[bytes]) -> tuple[list[PhotoFaces], Timing]:
    wall, processor = time.perf_counter(), processor_time(workers.pids)
    results = await workers.look(photos)
    seconds = time.perf_counter() - wall
    return results, Timing(seconds, processor_time(workers.pids) - processor)


def processor_time(pids: Sequence[int]) -> float:
    """Seconds that these processes have used."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def report_rounds(size: _photos.Size, rounds: Sequence[Round], count: int) -> None:
    """Photos a second by the clock; ratios by the clock and, in brackets, by processor time."""
    speeds = [
        count / statistics.median(getattr(each, name).wall for each in rounds)
        for name in ("plain", "ours", "one_pass")
    ]
    ours, once = compute_ratios(rounds, "ours"), compute_ratios(rounds, "one_pass")
    verdict = "" if size == SIZES[0] else met(once[0] >= PHOTO_TARGET, f"{PHOTO_TARGET:g} times")
    told = ["{:.1f}x ({:.1f}x)".format(*ratios) for ratios in (ours, once)]
    line = HEADING.format(
        f"{size[0]}x{size[1]}",
        *(f"{each:.2f}" for each in speeds[:2]),
        told[0],
        f"{speeds[2]:.2f}",
        told[1],
    )
    print(f"{line}  {verdict}", flush=True)


def compute_ratios(rounds: Sequence[Round], ours: str) -> tuple[float, float]:
    """How many times plain use's speed, by the clock and by processor time."""
    pairs = [(each.plain, getattr(each, ours)) for each in rounds]
    return (
        statistics.median(plain.wall / other.wall for plain, other in pairs),
        statistics.median(plain.processor / other.processor for plain, other in pairs),
    )


def met(holds: bool, target: str) -> str:
    return f"met: {target}" if holds else f"MISSED: {target}"


def report_costs(
    plain: PlainProcess, plain_start: float, workers: FaceWorkers, start: float
) -> None:
    memory = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in workers.pids]
    ours = sum(memory) * PAGE
    print(f"resident memory: plain {plain.memory() / 2**20:.0f} MiB, ours {ours / 2**20:.0f} MiB")
    print(f"start-up: plain {plain_start:.1f} s, ours {start:.1f} s (self-test included)")


def report_network(plain: PlainProcess, crops: Sequence[bytes], batch: int) -> bool:
    """Every engine on one thread and on two; the one that would be taken has to meet the bars."""
    arrays = [
        np.asarray(Image.open(io.BytesIO(crop)).convert("RGB").resize((CROP_SIZE, CROP_SIZE)))
        for crop in crops
    ]
    amx = "amx_bf16" in engines.CPU_INFO.read_text()
    target, holds = FACE_TARGETS[amx], True
    for threads in (1, 2):
        result = plain.networks(np.stack(arrays), batch, threads)
        print(
            f"network alone, {threads} thread(s), faces a second of processor time: plain "
            f"{result.plain:.1f} (one by one), ours in batches of {batch}:"
        )
        for name, speed in result.ours.items():
            ratio = speed / result.plain
            cosine = float((result.plain_vectors * result.our_vectors[name]).sum(axis=1).min())
            taken = name == result.chosen
            told = met(ratio >= target, f"{target:g} times") if taken else ""
            print(
                f"  {name:<12}{speed:>7.1f}{ratio:>6.1f}x  cosine at least {cosine:.6f}  "
                f"{'taken here' if taken else ''}  {told}"
            )
            holds &= cosine >= COSINE_TARGET or not taken
    return holds


def agree(
    agreement: Agreement, results: Sequence[PhotoFaces], found: Sequence[Found], faces: FaceOptions
) -> None:
    """Compare boxes on the photos that gave one face; a refused photo is only counted."""
    for result, plain in zip(results, found, strict=True):
        if not result.faces:
            agreement.refused += 1
            continue
        face = result.faces[0]
        agreement.overlaps.append(
            max((measure_overlap(face.box, box) for box in plain.boxes), default=0.0)
        )
        longer = max(result.width or 0, result.height or 0)
        least = max(faces.gates.min_size, faces.gates.min_share * longer)
        for box, score in zip(plain.boxes, plain.scores, strict=True):
            large = min(box[2] - box[0], box[3] - box[1]) >= max(least, face.measures["size"])
            if (
                large
                and score >= faces.gates.min_score
                and measure_overlap(face.box, box) < SAME_BOX
            ):
                agreement.missed += 1


def report_agreement(agreement: Agreement) -> bool:
    overlaps = np.array(agreement.overlaps)
    same = int((overlaps >= SAME_BOX).sum())
    holds = agreement.missed == 0 and same == len(overlaps)
    print(
        f"boxes: {same} of {len(overlaps)} faces are plain use's too, overlap median "
        f"{np.median(overlaps):.3f}, least {overlaps.min():.3f}; larger faces missed: "
        f"{agreement.missed}; photos refused by a gate: {agreement.refused}  "
        f"{met(holds, 'the same faces')}"
    )
    return holds


def weights(folder: Path) -> tuple[Path, str]:
    """The file of ``FACE_WEIGHTS``, or one of random weights."""
    if settings.FACE_WEIGHTS:
        return Path(settings.FACE_WEIGHTS), settings.FACE_WEIGHTS_SHA256
    from tests.weights import random_state, save_weights

    print("FACE_WEIGHTS is not set: random weights (the same work, meaningless vectors)")
    return save_weights(folder, random_state(1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--faces", type=Path, help="folder of photos to use instead of drawn ones")
    parser.add_argument("--photos", type=int, default=16, help="photos of each size")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, sha256 = weights(Path(folder))
        faces = replace(FaceOptions.from_settings(read_settings({})), weights=path, sha256=sha256)
        return 0 if asyncio.run(measure(options, faces)) else 1


if __name__ == "__main__":
    sys.exit(main())
