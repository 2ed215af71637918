"""``make fuzz``: every reader of other people's bytes on mutated inputs, for some minutes."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.fuzz.run import feed
from tests.fuzz.targets import TARGETS


def _is_over(until: float) -> bool:
    return time.monotonic() >= until


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="in all (300)")
    parser.add_argument("--seed", type=int, help="the first seed; repeats a run's inputs")
    parser.add_argument("--only", choices=sorted(TARGETS), help="one target")
    options = parser.parse_args()
    first = options.seed if options.seed is not None else secrets.randbelow(1 << 30)
    names = [options.only] if options.only else list(TARGETS)
    broken = 0
    for name in names:
        until = time.monotonic() + options.seconds / len(names)
        seeds = range(first, first + (1 << 30))
        count, found = feed(TARGETS[name], seeds, partial(_is_over, until))
        print(f"{name}: {count} inputs from seed {first}, {len(found)} broke it", flush=True)
        for each in found[:5]:
            print(f"  seed {each.seed}: {each.what} ({_keep(each.data)})", flush=True)
        broken += len(found)
    return 1 if broken else 0


def _keep(data: bytes) -> Path:
    with tempfile.NamedTemporaryFile(prefix="fuzz-", delete=False) as file:
        file.write(data)
    return Path(file.name)


if __name__ == "__main__":
    sys.exit(main())
