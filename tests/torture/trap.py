"""``scrapy`` with a trap: the process dies, as by ``kill -9``, when it comes to a named step.

``TORTURE_STEP=index swapped:2`` ends it at the second time the index has been swapped. The program
itself knows nothing of this: its functions are wrapped from outside.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

from enrichscrapy.faces.workers import WorkerProcess

BEFORE, AFTER = "before", "after"
STEPS = {
    "lookup about to be stored": ("enrichscrapy.pipelines.store", "store_lookup", BEFORE),
    "lookup stored": ("enrichscrapy.pipelines.store", "store_lookup", AFTER),
    "generation written": ("enrichscrapy.index.files", "write_synced", AFTER),
    "index about to be swapped": ("enrichscrapy.index.files", "swap_current", BEFORE),
    "index swapped": ("enrichscrapy.index.files", "swap_current", AFTER),
    "generation pruned": ("enrichscrapy.index.files", "prune", AFTER),
    "JOBDIR about to be signed": ("enrichscrapy.extensions.jobdir", "sign_jobdir", BEFORE),
    "JOBDIR about to be closed": ("enrichscrapy.extensions.jobdir", "close_jobdir", BEFORE),
    "JOBDIR closed": ("enrichscrapy.extensions.jobdir", "close_jobdir", AFTER),
}
STATEMENT = "statement of a transaction"
WORKER = "photos about to be looked at"
"""There it is the face worker that dies, and the crawl that has to go on."""


def set_trap(step: str, times: int) -> None:
    trap = _Trap(times)
    if step == STATEMENT:
        event.listen(Engine, "before_cursor_execute", trap.at_statement)
        return
    if step == WORKER:
        look = trap.of_a_worker(WorkerProcess.look)
        type.__setattr__(WorkerProcess, "look", look)
        return
    name, function, when = STEPS[step]
    module = importlib.import_module(name)
    setattr(module, function, trap.round(getattr(module, function), when))


class _Trap:
    def __init__(self, times: int) -> None:
        self.left = times

    def step(self) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)

    def round(self, function: Callable[..., Any], when: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def trapped(*args: Any, **kwargs: Any) -> Any:
            if when == BEFORE:
                self.step()
            result = function(*args, **kwargs)
            if when == AFTER:
                self.step()
            return result

        return trapped

    def of_a_worker(self, look: Callable[..., Any]) -> Callable[..., Any]:
        def trapped(process: WorkerProcess, photos: Any) -> Any:
            self.left -= 1
            if not self.left:
                process.kill()
            return look(process, photos)

        return trapped

    def at_statement(
        self, _connection: object, _cursor: object, statement: str, *_more: object
    ) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            self.step()


if __name__ == "__main__":
    if os.environ.get("TORTURE_STEP"):
        wanted, _, count = os.environ["TORTURE_STEP"].partition(":")
        set_trap(wanted, int(count))
    from scrapy.cmdline import execute

    execute()
