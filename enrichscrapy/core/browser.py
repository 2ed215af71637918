"""A Chromium for the one page that needs one: found, started late, isolated, surely killed.

It is an ordinary headless browser under the program's own User-Agent. It resolves no name but
those it was started for, so that nothing a page does can reach another host.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright

HOW_TO_INSTALL = "install Debian's chromium, run playwright install chromium, or set CHROMIUM_PATH"
_SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OWN_NAMES = ("chrome", "headless_shell", "chrome-headless-shell", "Chromium", "chrome.exe")
_MARK = "ENRICHSCRAPY_BROWSER"
_CLOSE_SECONDS = 5.0
_HEAP_MIB = 256


def find_browser(chromium_path: Path | None = None) -> Path | None:
    """``CHROMIUM_PATH``, else Playwright's own Chromium, else one of the system, else ``None``."""
    if chromium_path is not None:
        return chromium_path
    found = (Path(which) for name in _SYSTEM_NAMES if (which := shutil.which(name)))
    return _find_playwrights_browser() or next(found, None)


def _find_playwrights_browser() -> Path | None:
    caches = {"darwin": "Library/Caches", "win32": "AppData/Local"}
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    root = Path(folder) if folder else Path.home() / caches.get(sys.platform, ".cache")
    pattern = "chromium*-*" if folder else "ms-playwright/chromium*-*"
    for version in sorted(root.glob(pattern), key=_read_revision, reverse=True):
        for path in version.glob("*/**/*"):
            if path.name in _OWN_NAMES and path.is_file() and os.access(path, os.X_OK):
                return path
    return None


def _read_revision(folder: Path) -> int:
    digits = folder.name.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def make_resolver_rules(addresses: Mapping[str, str]) -> str:
    """Chromium's rules: each ``host:port`` is reached at its ``address:port``, nothing else is."""
    rules = [f"MAP {name} {address}" for name, address in addresses.items()]
    return ", ".join([*rules, "MAP * ~NOTFOUND"])


class ChromiumProvider:
    """Starts and ends the browsers of scrapy-playwright's handler, one at a time.

    Nothing runs until a browser is asked for, Playwright's own driver included. ``prepare`` must
    be called before each launch.
    """

    def __init__(self, config: Any) -> None:
        self._executable: str = config.launch_options["executable_path"]
        self._sandbox: bool = config.launch_options["chromium_sandbox"]
        self._rules = make_resolver_rules({})
        self._playwright: Playwright | None = None
        self._home: str | None = None
        self._mark = ""

    def prepare(self, addresses: Mapping[str, str]) -> None:
        """Say which ``host:port`` the next browser may reach, and at which ``address:port``."""
        self._rules = make_resolver_rules(addresses)

    async def start(self) -> None:
        """Nothing: see the class."""

    async def launch_browser(self) -> Browser:
        await self.close()
        self._mark = uuid.uuid4().hex
        self._home = tempfile.mkdtemp(prefix="enrichscrapy-browser-")
        self._playwright = await async_playwright().start()
        return await self._playwright.chromium.launch(
            executable_path=self._executable,
            headless=True,
            chromium_sandbox=self._sandbox and os.geteuid() != 0,
            # The crawl's own Ctrl-C handling ends the browser cleanly.
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            env={**_make_environment(self._home), _MARK: self._mark},
            args=[
                f"--host-resolver-rules={self._rules}",
                "--no-proxy-server",
                "--renderer-process-limit=2",
                f"--js-flags=--max-old-space-size={_HEAP_MIB}",
            ],
        )

    async def launch_persistent_context(self, context_kwargs: dict[str, Any]) -> BrowserContext:
        raise NotImplementedError("no browser of this project keeps a profile")

    def measure_memory(self) -> int:
        """Bytes of memory the browser uses now; 0 where ``/proc`` does not show it."""
        return sum(_measure_memory(pid) for pid in _list_processes(self._mark))

    def kill(self) -> None:
        """End the browser's processes now, whatever state they are in."""
        for _ in range(5):  # processes may be starting others
            for pid in (found := _list_processes(self._mark)):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            if not found:
                return

    async def close(self) -> None:
        """End the browser and its driver; certain, and done in seconds."""
        if self._playwright is not None:
            playwright, self._playwright = self._playwright, None
            with suppress(Exception):  # a driver that was killed cannot close its connection
                await asyncio.wait_for(playwright.stop(), _CLOSE_SECONDS)
        self.kill()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None


def _make_environment(home: str) -> dict[str, str]:
    """Enough to run a browser, and none of the crawl's own secrets or proxies."""
    kept = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"HOME": home}


# --- Processes (Linux; elsewhere Playwright's own closing has to do) -----------------------------
def _list_processes(mark: str) -> set[int]:
    """The processes started with this mark, and all others of their process groups."""
    if not mark:
        return set()
    wanted = f"{_MARK}={mark}".encode()
    marked = {pid for pid in _list_all_processes() if wanted in _read(pid, "environ")}
    groups = {group for pid in marked if (group := _find_group(pid)) not in (None, os.getpgrp())}
    return marked | {pid for pid in _list_all_processes() if _find_group(pid) in groups}


def _list_all_processes() -> Iterable[int]:
    with suppress(FileNotFoundError):
        return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]
    return []


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # gone, or somebody else's
        return b""


def _find_group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _measure_memory(pid: int) -> int:
    """The process's share of memory (PSS): shared pages are counted once over all processes."""
    for line in _read(pid, "smaps_rollup").splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return 0
