"""All settings checked in one go, for every command, before anything is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, default_settings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.misc import load_object

from enrichscrapy.core.sources import Sources
from enrichscrapy.database.dialects import find_backend
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.stashboxes import KNOWN
from enrichscrapy.files.folders import check_file, check_folder
from enrichscrapy.folder import read_env_file
from enrichscrapy.politeness.rules import PaceRules
from enrichscrapy.politeness.user_agent import make_user_agent
from enrichscrapy.settings_reader import (
    ProjectSettings,
    name_base_url_setting,
    read_like,
    read_settings,
)
from enrichscrapy.sites import find_sites
from enrichscrapy.sites.stashbox import Endpoint

WAYS_OUT = {
    "FEEDS": "FEEDS (-o, -O) is not usable: items hold names and photos, which scrapy forget could "
    "not find there; use scrapy export",
    "FEED_URI": "FEED_URI is not usable: use scrapy export",
    "HTTPCACHE_ENABLED": "HTTPCACHE_ENABLED is not usable: pages hold names and photos, which "
    "scrapy forget could not find there",
}
"""Scrapy's own ways of keeping what was scraped, each with the refusal."""
FOLDERS = ("STATE_DIR", "INDEX_DIR", "KEEP_PHOTOS", "JOBDIR")
SOURCE_TABLES = {"TRUST_LEVELS", "DELAY_FLOORS", "CHECK_PERFORMERS"}
"""Settings that hold a table by source."""
TABLES = (
    "ITEM_PIPELINES",
    "EXTENSIONS",
    "DOWNLOADER_MIDDLEWARES",
    "SPIDER_MIDDLEWARES",
    "SPIDER_CONTRACTS",
    "DOWNLOAD_HANDLERS",
)
"""Settings that hold tables of components."""


def check_given(given: Mapping[str, str]) -> None:
    """Raise ``BadSetting`` for what ``-s`` gives, before Scrapy fails on a broken table."""
    read_settings(given)
    dict(_read_scrapys_own(given, given))


def check_settings(settings: BaseSettings) -> ProjectSettings:
    """Read every setting, and put its value where its text was: Scrapy reads it as well.

    Raises ``BadSetting`` for a value that cannot be used and for a name that nobody reads.
    """
    given = _list_given(settings)
    _check_names(settings, given)
    read = read_settings(settings)
    if "SPIDER_MODULES" in given:
        _check_spiders(read.SPIDER_MODULES)
    for name in SOURCE_TABLES & given:
        _check_sources(settings, name, getattr(read, name))
    changed = [name for name in settings if settings.getpriority(name)]
    _put_back(settings, dict(read) | dict(_read_scrapys_own(settings, changed)))
    for name, refusal in WAYS_OUT.items():
        if settings.get(name):
            raise BadSetting(refusal)
    find_backend(read.DATABASE_URL, read.STATE_DIR)
    for name in FOLDERS:
        if (folder := getattr(read, name)) is not None:
            check_folder(name, folder)
    if read.SUPPRESSION_KEY_FILE is not None:
        check_file("SUPPRESSION_KEY_FILE", read.SUPPRESSION_KEY_FILE)
    make_user_agent(read.CONTACT)
    for source in Sources.from_settings(settings, *map(Endpoint.named, KNOWN)):
        PaceRules.from_settings(read, source.source, source.on_loopback)
    return read


def _list_given(settings: BaseSettings) -> set[str]:
    """What ``-s`` or ``.env`` gives; another package's settings stand in a settings module."""
    by_hand = SETTINGS_PRIORITIES["cmdline"]
    return {*read_env_file(), *(name for name in settings if settings.getpriority(name) == by_hand)}


def _check_names(settings: BaseSettings, given: Iterable[str]) -> None:
    module = sys.modules.get(os.environ.get("SCRAPY_SETTINGS_MODULE", ""))
    known = {
        *default_settings.__all__,
        *ProjectSettings.model_fields,
        *(name_base_url_setting(name) for name in find_sites()),
        *(vars(module).keys() - read_env_file().keys() if module else ()),
    }
    for name in sorted(given):
        if name.endswith("_BASE_URL") and name not in known:
            known.update(map(name_base_url_setting, _list_sources(settings)))
        if name not in known and not name.startswith("PLAYWRIGHT_"):
            [nearest] = get_close_matches(name.upper(), known, 1, cutoff=0.0)
            raise BadSetting(
                f"{name} is no setting: did you mean {nearest}? One of another package belongs in "
                "your settings module"
            )


def _check_sources(settings: BaseSettings, name: str, table: Iterable[str]) -> None:
    """The sources that a table names are some spider's, or the user's own photos."""
    known = {"import", "stashbox", *find_sites()}
    unknown = {source for source in table if source.partition(":")[0] not in known}
    if unknown and (unknown := unknown.difference(_list_sources(settings))):
        [nearest] = get_close_matches(min(unknown), known, 1, cutoff=0.0)
        raise BadSetting(
            f"{name} names {min(unknown)}, which is no source: did you mean {nearest}?"
        )


def _check_spiders(modules: Iterable[str]) -> None:
    for name in modules or [""]:
        try:
            import_module(name)
        except (ImportError, TypeError, ValueError) as error:
            allowed = "dotted names of packages that can be imported"
            raise BadSetting.name_setting("SPIDER_MODULES", name, allowed) from error


def _list_sources(settings: BaseSettings) -> Iterator[str]:
    """The sources of all spiders, those of other packages as well; loading them takes a while."""
    loader = get_spider_loader(settings)
    for name in loader.list():
        yield getattr(loader.load(name), "source_name", "")


def _read_scrapys_own(
    settings: Mapping[str, Any], names: Iterable[str]
) -> Iterator[tuple[str, object]]:
    """Those of ``names`` that only Scrapy reads, as values of the type that their default has."""
    for name in set(names).intersection(default_settings.__all__):
        if name not in ProjectSettings.model_fields:
            yield name, read_like(getattr(default_settings, name), name, settings[name])


def _put_back(settings: BaseSettings, values: dict[str, object]) -> None:
    for name, value in values.items():
        if isinstance(settings.get(name), str):
            plain = str(value) if isinstance(value, Path) else value
            settings.set(name, plain, settings.getpriority(name) or 0)


def check_crawl(settings: BaseSettings) -> ProjectSettings:
    """The same for what crawls; its components exist, and its log can be written.

    A crawl makes no database: its folder is refused where there can be none, and never made.
    """
    read = check_settings(settings)
    check_folder("DATABASE_URL", find_backend(read.DATABASE_URL, read.STATE_DIR).path.parent)
    for name, path in _load_components(settings):
        try:
            load_object(path)
        except (ImportError, NameError, TypeError, ValueError) as error:
            raise BadSetting.name_setting(
                name, path, f"the dotted name of a class ({error})"
            ) from error
    if read.LOG_FILE is not None:
        _check_log(read.LOG_FILE)
    return read


def _load_components(settings: BaseSettings) -> Iterator[tuple[str, Any]]:
    for name in default_settings.__all__:
        default = getattr(default_settings, name)
        if isinstance(default, str) and default.startswith("scrapy.") and settings[name]:
            yield name, settings[name]
    for name in TABLES:
        found = settings.getdict(name)
        for path in found.values() if name == "DOWNLOAD_HANDLERS" else found:
            if path is not None and found.get(path, path) is not None:
                yield name, path


def _check_log(log: Path) -> None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.open("a").close()
    except OSError as error:
        raise BadSetting.name_setting(
            "LOG_FILE", log, f"a file to write to ({error.strerror})"
        ) from error


class CheckedSettings:
    """Scrapy's add-on that checks for Scrapy's own commands (``fetch``, ``shell``) and scripts.

    It comes before the log is opened and before any component is built.
    """

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """End the process with one line and exit code 2 where a setting cannot be used."""
        try:
            check_crawl(settings)
        except BadSetting as error:
            # Scrapy catches nothing here: any other exception would be a traceback.
            print(f"scrapy: {error}", file=sys.stderr)
            raise SystemExit(error.exit_code) from None
