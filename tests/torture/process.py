"""A crawl in a process of its own, and all that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.support import PATIENCE, PROJECT, Workplace

MARK = "TORTURE_RUN"


class Run:
    """A ``scrapy crawl`` (or another command) with a trap at ``step``; its children are known by
    their environment.
    """

    def __init__(
        self,
        place: Workplace,
        spider: str,
        flags: Sequence[str],
        settings: dict[str, object],
        step: str = "",
        command: str = "crawl",
    ) -> None:
        self.place = place
        self.step = step
        self.was_running = False
        self.mark = uuid.uuid4().hex
        self._log = place.folder / f"{spider}-{self.mark}.log"
        words = place.command(command, spider, *flags, **settings)
        words = [sys.executable, "-m", "tests.torture.trap", *words[3:]]
        environment = {**place.environment(), MARK: self.mark, "TORTURE_STEP": step}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                words, cwd=PROJECT, env=environment, stdout=log, stderr=log
            )

    @property
    def output(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def was_killed(self) -> bool:
        return self.process.returncode == -signal.SIGKILL

    def wait_until_at_work(self) -> None:
        while self.process.poll() is None and "Spider opened" not in self.output:
            time.sleep(0.02)

    def wait_for(self, text: str) -> None:
        """Until ``text`` stands in the output."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"{text!r} is not in: {self.output}"
            time.sleep(0.02)

    def wait(self, seconds: float) -> None:
        """Until it ends, ``seconds`` at most."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def end(self) -> int:
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"it hangs: {self.output}") from None

    def survivors(self) -> list[int]:
        """Processes of this run that do not go away; they are ended."""
        deadline = time.monotonic() + PATIENCE
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.02)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return left

    def processes(self) -> list[int]:
        """Those that run now, its own included."""
        mark = f"{MARK}={self.mark}".encode()
        return [
            int(folder.name)
            for folder in Path("/proc").glob("[0-9]*")
            if mark in _environment(folder) and int(folder.name) != os.getpid()
        ]


def _environment(folder: Path) -> bytes:
    try:
        return (folder / "environ").read_bytes()
    except OSError:
        return b""
