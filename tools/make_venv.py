"""``make setup``: the virtual environment, made so that whatever fails is one line.

Runs under the user's own Python, of which nothing is installed yet: the standard library only.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

GB = 1_000_000_000
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
FAILURES = (
    (r"No space left on device", "the disk is full: make room, then run it again"),
    (
        r"ensurepip is not\s+available|No module named '?(venv|ensurepip)",
        "this Python makes no virtual environments: on Debian and Ubuntu, apt install python3-venv",
    ),
    (
        r"name resolution|Name or service not known|NewConnectionError|Connection refused|"
        r"Network is unreachable|ConnectTimeout|getaddrinfo failed|nodename nor servname|"
        r"from versions: none",
        "the package index cannot be reached: is there a network, a proxy (HTTPS_PROXY)?",
    ),
    (r"Permission denied|Read-only file system", "nothing can be written here: {last}"),
)
"""What to look for in the output of ``venv`` and ``pip``, and what to say instead of it."""


class SetupFailed(Exception):
    """One line that says what to do."""


def main(folder: str, torch: str = "") -> None:
    """Make ``folder`` or bring it up to date; ``torch`` is empty or ``cpu``."""
    if torch not in ("", "cpu"):
        raise SetupFailed(f"TORCH={torch} is unknown: use TORCH=cpu, or leave it out")
    venv = Path(folder)
    python = venv / "bin" / "python"
    if not python.exists():
        announce(venv, torch)
        run([sys.executable, "-m", "venv", "--clear", str(venv)])
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    pip += ["--progress-bar", "off"]
    if torch:
        wanted = re.findall(r"^(torch(?:vision)?[<>=][^\s#]*)", read(REQUIREMENTS[0]), re.M)
        run(
            [*pip, "--retries", "2", "--index-url", CPU_INDEX, *wanted], "torch for the CPU alone: "
        )
    run([*pip, *(word for name in REQUIREMENTS for word in ("-r", name))])
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", "."])


def read(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


def announce(venv: Path, torch: str) -> None:
    """Say what it takes; ``SetupFailed`` where there is no room for it."""
    cuda = platform.system() == "Linux" and not torch
    download, room = ("3 GB", 7 * GB) if cuda else ("0.7 GB", 3 * GB)
    free = shutil.disk_usage(venv.absolute().parent).free
    print(f"== Setting up {venv}: downloads about {download}, takes {room // GB} GB on the disk")
    if cuda:
        print("   and 3 to 15 minutes, most of it for NVIDIA cards: without one, or to save that,")
        print("   stop it and run make setup TORCH=cpu (0.7 GB, from download.pytorch.org).")
    if free < room:
        raise SetupFailed(f"{free / GB:.1f} GB are free, {room // GB} GB are needed: make room")


def run(command: list[str], what: str = "") -> None:
    """Run it, show on a terminal what is being fetched; ``SetupFailed`` in our own words."""
    said = []
    with subprocess.Popen(  # noqa: S603  # the commands above
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            show(line)
    show("")
    if process.returncode:
        raise SetupFailed(what + explain("".join(said)))


def show(line: str) -> None:
    """What goes on, on one line of a terminal that the next one replaces."""
    step = line.lstrip().startswith(("Downloading", "Installing", "WARNING: Retrying"))
    if sys.stdout.isatty() and (step or not line):
        words = f"   {' '.join(line.split())[:70]}" if line else ""
        print(f"\r\033[K{words}", end="", flush=True)


def explain(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["it failed"]
    for pattern, words in FAILURES:
        if re.search(pattern, output, re.I):
            return words.format(last=errors[-1])
    return errors[0]


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SetupFailed as failure:
        sys.exit(f"setup: {failure}")
    except OSError as error:
        sys.exit(f"setup: {explain(str(error))}")
    except KeyboardInterrupt:
        sys.exit("\nsetup: stopped; run it again to go on")
