"""``make torture``: hundreds of kills; it says which seed to give to see a failure again."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.torture.driver import torture


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=300, help="crawls to strike (300)")
    parser.add_argument("--seed", type=int, help="repeat a run's choices")
    parser.add_argument("--folder", type=Path, help="where to work; what fails is left there")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="enrichscrapy-torture-"))
    print(f"{options.kills} kills, seed {seed}, in {folder}", flush=True)
    begun = time.monotonic()
    try:
        done = torture(folder, options.kills, seed)
    except AssertionError as error:
        print(f"LOST, with seed {seed}: {error}", file=sys.stderr)
        return 1
    minutes = (time.monotonic() - begun) / 60
    print(f"{done.kills} kills in {done.episodes} episodes, {minutes:.0f} minutes: nothing lost,")
    print("nothing twice, nothing asked for again. How they were struck:")
    for how, times in sorted(done.struck.items()):
        print(f"  {times:4d}  {how}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
