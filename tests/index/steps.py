"""Recording what is written, synced and renamed, and dying at a chosen step of it.

Everything durable goes through a handful of ``os`` functions; they are replaced by ones that note
each call under a folder and, at the step asked for, end the process as ``kill -9`` does. A write
is cut in half first: a kill may come in the middle of one.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

AnyPath = str | os.PathLike[str]
PATCHED = ("open", "write", "fsync", "replace", "mkdir", "unlink", "rmdir")


class Recorder:
    """Steps are (call, path relative to ``folder``); ``kill_at`` is the step to die at."""

    def __init__(self, folder: Path, kill_at: int | None = None) -> None:
        self.folder = folder.resolve()
        self.kill_at = kill_at
        self.steps: list[tuple[str, str]] = []
        self._real = {name: getattr(os, name) for name in PATCHED}
        self._names: dict[int, str] = {}

    @contextmanager
    def recording(self) -> Iterator[Recorder]:
        for name in PATCHED:
            setattr(os, name, getattr(self, f"_{name}"))
        try:
            yield self
        finally:
            for name, real in self._real.items():
                setattr(os, name, real)

    def _step(self, call: str, name: str | None, before_dying: Callable[[], object] = int) -> None:
        if name is None:
            return
        if self.kill_at == len(self.steps):
            before_dying()
            os.kill(os.getpid(), signal.SIGKILL)
        self.steps.append((call, name))

    def _name(self, path: AnyPath, dir_fd: int | None = None) -> str | None:
        if dir_fd is not None:  # shutil.rmtree walks by descriptors
            path = Path(self._names.get(dir_fd, "/"), path)
            return str(path) if dir_fd in self._names else None
        try:
            return str(Path(path).resolve().relative_to(self.folder))
        except ValueError:
            return None

    def _open(
        self, path: AnyPath, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        name = self._name(path, dir_fd)
        if flags & os.O_CREAT:
            self._step("create", name)
        descriptor: int = self._real["open"](path, flags, mode, dir_fd=dir_fd)
        self._names.pop(descriptor, None)
        if name is not None:
            self._names[descriptor] = name
        return descriptor

    def _write(self, descriptor: int, data: bytes) -> object:
        half = bytes(data)[: len(data) // 2]
        self._step(
            "write", self._names.get(descriptor), lambda: self._real["write"](descriptor, half)
        )
        return self._real["write"](descriptor, data)

    def _fsync(self, descriptor: int) -> object:
        self._step("sync", self._names.get(descriptor))
        return self._real["fsync"](descriptor)

    def _replace(self, source: AnyPath, target: AnyPath) -> object:
        self._step("rename", f"{self._name(source)} -> {self._name(target)}")
        return self._real["replace"](source, target)

    def _mkdir(self, path: AnyPath, mode: int = 0o777) -> object:
        self._step("mkdir", self._name(path))
        return self._real["mkdir"](path, mode)

    def _unlink(self, path: AnyPath, *, dir_fd: int | None = None) -> object:
        self._step("remove", self._name(path, dir_fd))
        return self._real["unlink"](path, dir_fd=dir_fd)

    def _rmdir(self, path: AnyPath, *, dir_fd: int | None = None) -> object:
        self._step("remove", self._name(path, dir_fd))
        return self._real["rmdir"](path, dir_fd=dir_fd)
