"""``make bench``: every benchmark in turn, each in a process of its own.

``python -m benchmarks NAME [OPTION ...]`` runs one; ``--help`` says what it takes.
"""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import benchmarks

LONG = ("scale", "workers")
"""Run by ``make bench-scale``, or by name."""


def names() -> list[str]:
    """The benchmarks, by module name."""
    modules = pkgutil.iter_modules(benchmarks.__path__)
    return sorted(module.name for module in modules if not module.name.startswith("_"))


def _list_short() -> list[str]:
    return [name for name in names() if name not in LONG]


def main(arguments: list[str]) -> int:
    chosen, options = (arguments[:1], arguments[1:]) if arguments else (_list_short(), [])
    failed = []
    for name in chosen:
        if name not in names():
            print(f"no benchmark named {name}: use one of {', '.join(names())}", file=sys.stderr)
            return 2
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}", *options]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
