"""Reads the settings: the type, unit and bounds of each, and one line for a value outside them.

The values stand in ``settings.py``, what they do in ``docs/settings.md``. A new setting is one
line in each of the three; the tests hold them together.
"""

from __future__ import annotations

import codecs
import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from annotated_types import Interval
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic.fields import FieldInfo

from enrichscrapy import settings as defaults
from enrichscrapy.exceptions import BadSetting

T = TypeVar("T")
HOUR, DAY, YEAR = 3600, 86_400, 31_536_000
MIB, GIB = 1 << 20, 1 << 30


@dataclass(frozen=True)
class Within(Interval):
    """Bounds, both included, and the unit that the message names."""

    unit: str = ""


def _parse_table(value: Any) -> Any:
    """A table, or its JSON text as ``-s`` gives it."""
    return json.loads(value) if isinstance(value, str) else value


def _parse_list(value: Any) -> Any:
    """A list, or its text as ``-s`` gives it: JSON, or split by commas."""
    if not isinstance(value, str) or value.startswith("["):
        return _parse_table(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def _expand_path(value: Any) -> Any:
    if not value:
        return None
    if not isinstance(value, str | Path) or "\0" in str(value):
        raise ValueError("no path")
    return os.path.expanduser(value)  # noqa: PTH111  # Path's own raises for unknown users


def _to_capitals(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _to_small_letters(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _check_program(path: Path | None) -> Path | None:
    # Path's own raises for what cannot be looked at.
    if path is not None and not (os.path.isfile(path) and os.access(path, os.X_OK)):  # noqa: PTH113
        raise ValueError("not executable")
    return path


def _check_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError("unknown") from error


def _check_log_format(text: str) -> str:
    try:
        logging.Formatter(text).format(logging.makeLogRecord({}))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("no such field") from error
    return text


def _check_component(value: Any) -> Any:
    if not (isinstance(value, type) or re.fullmatch(r"[^\W\d]\w*(\.\w+)+", str(value))):
        raise ValueError("no dotted name")
    return value


def _check_model(value: str) -> str:
    return value if value.endswith(".toml") else str(_check_component(value))


Seconds = Annotated[float, Within(ge=0, le=YEAR, unit="seconds")]
Timeout = Annotated[float, Within(ge=1, le=DAY, unit="seconds")]
Days = Annotated[float, Within(ge=0, le=36_500, unit="days")]
Share = Annotated[float, Within(ge=0, le=1)]
Degrees = Annotated[float, Within(ge=0, le=180, unit="degrees")]
GreyLevel = Annotated[float, Within(ge=0, le=255)]
Count = Annotated[int, Within(ge=1, le=10_000)]
Capped = Annotated[int, Within(ge=0, le=1_000_000_000)]
Priority = Annotated[int, Within(ge=-1000, le=1000)]
Megabytes = Annotated[int, Within(ge=1, le=MIB, unit="MiB")]
Text = Annotated[str, BeforeValidator(lambda value: value or "")]
BaseUrl = Annotated[Text, Field(description="an http or https address, or nothing")]
NeededPath = Annotated[Path, BeforeValidator(_expand_path), Field(description="a path")]
AnyPath = Annotated[
    Path | None, BeforeValidator(_expand_path), Field(description="a path, or nothing")
]
Component = Annotated[
    Any, AfterValidator(_check_component), Field(description="the dotted name of a class")
]
Components = Annotated[
    dict[Any, float | None],
    BeforeValidator(_parse_table),
    Field(description="a JSON table of dotted names and their order"),
]
Names = Annotated[
    list[str], BeforeValidator(_parse_list), Field(description="names separated by commas")
]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_to_capitals)
]
ApiKeys = Annotated[
    dict[str, SecretStr],
    BeforeValidator(lambda value: _parse_table(value or {})),
    Field(description='a JSON table of stash-boxes and keys, as {"stashdb": "…"}'),
]
"""Keys are never in a message, a log or a ``repr``."""
Trust = Annotated[Literal["high", "medium", "low", "user"], BeforeValidator(_to_small_letters)]
TrustLevels = Annotated[
    dict[str, Trust],
    BeforeValidator(_parse_table),
    Field(description="a JSON table of sources and high, medium, low or user"),
]
DelayFloors = Annotated[
    dict[str, Annotated[float, Within(ge=0, le=DAY)]],
    BeforeValidator(_parse_table),
    Field(description=f"a JSON table of sources and seconds from 0 to {DAY:,}"),
]
Performers = Annotated[
    dict[str, Annotated[int, Within(ge=1, le=1 << 63)]],
    BeforeValidator(_parse_table),
    Field(description="a JSON table of sources and performer ids"),
]


class ProjectSettings(BaseModel):
    """Every setting that this program reads, as a value of its type; order as in ``settings.py``.

    Of the settings that only Scrapy reads, those stand here that this program sets or bounds more
    tightly than Scrapy.
    """

    model_config = ConfigDict(frozen=True)

    # --- Where things are ------------------------------------------------------------------------
    DATABASE_URL: Annotated[
        str,
        Field(
            min_length=1,
            description="an SQLite file, as sqlite:///data/enrichscrapy.db, or a PostgreSQL "
            "database, as postgresql+psycopg://user@host/name",
        ),
    ]
    STATE_DIR: NeededPath
    INDEX_DIR: NeededPath
    INDEX_EXACT_FACES: Annotated[int, Within(ge=1000, le=1_000_000_000, unit="faces")]
    INDEX_PUBLISH_SECONDS: Seconds

    # --- Which work is due -----------------------------------------------------------------------
    REVISIT_AFTER_DAYS: Days
    MAX_ATTEMPTS: Count
    RETRY_BASE_SECONDS: Seconds
    RETRY_MAX_SECONDS: Seconds
    MAX_CANDIDATES: Count
    MAX_PHOTOS_PER_PROFILE: Count
    LOOKUPS_IN_PROGRESS: Count

    # --- Several machines on one database --------------------------------------------------------
    MACHINE_NAME: Annotated[Text, Field(description="a name, or nothing")]
    SUPPRESSION_KEY_FILE: AnyPath
    LEASE_SECONDS: Annotated[float, Within(ge=1, le=DAY, unit="seconds")]
    DATABASE_PATIENCE: Seconds

    # --- Faces -----------------------------------------------------------------------------------
    FACES_ENABLED: bool
    FACE_MODEL: Annotated[
        str,
        AfterValidator(_check_model),
        Field(description="the dotted name of a class, or the path of a model card, ….toml"),
    ]
    FACE_WEIGHTS: AnyPath
    FACE_WEIGHTS_SHA256: Annotated[
        Text,
        BeforeValidator(_to_small_letters),
        Field(pattern="^([0-9a-f]{64})?$", description="64 hexadecimal digits, or nothing"),
    ]
    FACE_DEVICE: Annotated[Literal["auto", "cpu", "cuda"], BeforeValidator(_to_small_letters)]
    FACE_WORKERS: Annotated[int, Within(ge=0, le=256)]
    FACE_THREADS: Annotated[int, Within(ge=1, le=256)]
    FACE_BATCH_SIZE: Annotated[int, Within(ge=1, le=256)]
    FACE_TIMEOUT: Timeout
    FACE_WORKER_MEMORY: Annotated[int, Within(ge=256, le=MIB, unit="MiB")]
    PHOTO_MAX_BYTES: Annotated[int, Within(ge=1, le=GIB, unit="bytes")]
    PHOTO_MAX_PIXELS: Annotated[int, Within(ge=1, le=178_000_000, unit="pixels")]
    PHOTO_WORK_SIDE: Annotated[int, Within(ge=100, le=100_000, unit="pixels")]
    PHOTO_MIN_SIDE: Annotated[int, Within(ge=0, le=100_000, unit="pixels")]
    FACE_MIN_SIZE: Annotated[float, Within(ge=0, le=10_000, unit="pixels")]
    FACE_MIN_SHARE: Share
    FACE_MIN_SCORE: Share
    FACE_MIN_SHARPNESS: Annotated[float, Within(ge=0, le=1000, unit="per cent")]
    FACE_MIN_HIGHLIGHTS: GreyLevel
    FACE_MAX_SHADOWS: GreyLevel
    FACE_MIN_CONTRAST: Annotated[float, Within(ge=0, le=128)]
    FACE_MAX_CLIPPED: Share
    FACE_MAX_YAW: Degrees
    FACE_MAX_ROLL: Degrees
    FACE_DOMINANCE: Annotated[float, Within(ge=0, le=1000)]

    # --- Verdicts --------------------------------------------------------------------------------
    TRUST_LEVELS: TrustLevels
    MAX_FACES_PER_SOURCE: Count
    MAX_FACES_TOTAL: Count
    FACE_CAUTION: Annotated[float, Within(ge=0, le=10)]
    PLACEHOLDER_PERFORMERS: Annotated[int, Within(ge=2, le=1_000_000)]

    # --- The sites (the addresses are checked with their sources) --------------------------------
    BABEPEDIA_BASE_URL: BaseUrl
    IAFD_BASE_URL: BaseUrl
    STASHBOX_BASE_URL: BaseUrl
    STASHBOX_API_KEYS: ApiKeys
    STASHBOX_BATCH: Annotated[int, Within(ge=1, le=50, unit="performers")]
    CONTACT: Annotated[Text, Field(description="an e-mail or web address, or nothing")]
    DELAY_FLOORS: DelayFloors
    DELAY_JITTER: Annotated[float, Within(ge=0, le=100)]
    REQUESTS_PER_DAY: Capped
    LONGEST_WAIT: Seconds
    MAX_RETRY_AFTER: Annotated[float, Within(ge=0.01, le=3650, unit="days")]
    CIRCUIT_REFUSALS: Count
    CIRCUIT_FAILURES: Count
    CIRCUIT_PAUSE: Seconds
    CIRCUIT_PAUSE_MAX: Seconds
    ROBOTS_MAX_AGE: Seconds
    CHROMIUM_PATH: Annotated[
        AnyPath,
        AfterValidator(_check_program),
        Field(description="a Chromium's program file, or nothing"),
    ]
    CHROMIUM_SANDBOX: bool
    CHROMIUM_MEMORY: Megabytes
    CHALLENGE_MAX_REQUESTS: Count
    CHALLENGE_PROVIDERS: Names
    CHALLENGE_TIMEOUT: Timeout
    PAGE_MAX_BYTES: Annotated[int, Within(ge=1000, le=GIB, unit="bytes")]

    # --- What is kept ----------------------------------------------------------------------------
    RETENTION_DAYS: Days
    KEEP_PHOTOS: AnyPath

    # --- Runs ------------------------------------------------------------------------------------
    DRY_RUN: bool
    CHECK_PERFORMERS: Performers
    PROGRESS_LOG_SECONDS: Seconds
    SHUTDOWN_SECONDS: Annotated[float, Within(ge=0, le=DAY, unit="seconds")]
    JOBDIR: AnyPath = None
    LOG_FILE: AnyPath = None
    LOG_LEVEL: LogLevel
    LOG_ENCODING: Annotated[
        str, AfterValidator(_check_encoding), Field(description="a text encoding, as utf-8")
    ] = "utf-8"
    LOG_FORMAT: Annotated[
        str,
        AfterValidator(_check_log_format),
        Field(description="a format of Python's logging, as %(levelname)s: %(message)s"),
    ] = "%(asctime)s [%(name)s] %(levelname)s: %(message)s"

    # --- Scrapy's own, as this program needs them ------------------------------------------------
    BOT_NAME: Annotated[str, Field(min_length=1, description="a name")]
    SPIDER_MODULES: Names  # none: a crawl that is given its spider as a class
    NEWSPIDER_MODULE: Text
    COMMANDS_MODULE: Text
    ADDONS: Components
    ITEM_PIPELINES: Components
    EXTENSIONS: Components
    DOWNLOADER_MIDDLEWARES: Components
    SPIDER_CONTRACTS: Components
    DOWNLOAD_HANDLERS: Annotated[
        dict[str, Any],
        BeforeValidator(_parse_table),
        Field(description="a JSON table of schemes and dotted names"),
    ]
    TWISTED_DNS_RESOLVER: Component
    TWISTED_REACTOR: Literal["twisted.internet.asyncioreactor.AsyncioSelectorReactor"]
    SCHEDULER: Component
    SCHEDULER_DISK_QUEUE: Component
    SCHEDULER_START_DISK_QUEUE: Component
    DOWNLOADER: Component
    DUPEFILTER_CLASS: Component
    LOG_FORMATTER: Component
    DNS_TIMEOUT: Annotated[float, Within(ge=1, le=HOUR, unit="seconds")]
    DOWNLOAD_VERIFY_CERTIFICATES: bool
    DOWNLOAD_TIMEOUT: Timeout
    DOWNLOAD_MAXSIZE: Annotated[int, Within(ge=1000, le=GIB, unit="bytes")]
    DOWNLOAD_WARNSIZE: Annotated[int, Within(ge=0, le=GIB, unit="bytes")]
    REDIRECT_MAX_TIMES: Annotated[int, Within(ge=0, le=100)]
    HTTPERROR_ALLOW_ALL: bool
    RETRY_TIMES: Annotated[int, Within(ge=0, le=100)]
    RETRY_HTTP_CODES: Annotated[
        list[Annotated[int, Within(ge=100, le=599)]],
        BeforeValidator(_parse_list),
        Field(description="statuses from 100 to 599 separated by commas"),
    ]
    RETRY_GIVE_UP_LOG_LEVEL: LogLevel
    ROBOTSTXT_OBEY: bool
    COOKIES_ENABLED: bool
    TELNETCONSOLE_ENABLED: bool
    REMOTE_CONTROL_ENABLED: bool
    AUTOTHROTTLE_START_DELAY: Annotated[float, Within(ge=0, le=DAY, unit="seconds")]
    AUTOTHROTTLE_MAX_DELAY: Annotated[float, Within(ge=0, le=DAY, unit="seconds")]
    AUTOTHROTTLE_TARGET_CONCURRENCY: Annotated[float, Within(ge=0.01, le=1000)]
    CONCURRENT_REQUESTS_PER_DOMAIN: Count
    DOWNLOAD_DELAY_JITTER: Share
    DNSCACHE_SIZE: Capped = 10_000
    DEPTH_PRIORITY: Priority = 0
    REDIRECT_PRIORITY_ADJUST: Priority = 2
    RETRY_PRIORITY_ADJUST: Priority = -1
    # Scrapy takes 0 of these and then waits for ever.
    CONCURRENT_REQUESTS: Count = 16
    CONCURRENT_ITEMS: Count = 100
    REACTOR_THREADPOOL_MAXSIZE: Annotated[int, Within(ge=1, le=1000)] = 10
    SCRAPER_SLOT_MAX_ACTIVE_SIZE: Annotated[int, Within(ge=1, le=1 << 40, unit="bytes")] = 5_000_000


_LIKE: Mapping[type, Any] = {
    bool: bool,
    int: Annotated[int, Within(ge=0, le=1 << 40)],
    float: Annotated[float, Within(ge=0, le=1 << 40)],
    dict: Annotated[
        dict[Any, Any], BeforeValidator(_parse_table), Field(description="a JSON table")
    ],
}


SECRET = frozenset({"STASHBOX_API_KEYS"})
"""Settings whose values no message may quote."""


def read_settings(settings: Mapping[str, Any]) -> ProjectSettings:
    """Read them all; ``BadSetting`` names the first that cannot be used, and what is allowed.

    What ``settings`` lacks is as in ``settings.py``.
    """
    given = {
        name: settings[name] if name in settings else vars(defaults)[name]
        for name in ProjectSettings.model_fields
        if name in settings or hasattr(defaults, name)
    }
    try:
        return ProjectSettings.model_validate(given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        shown = "…" if name in SECRET else given[name]
        raise BadSetting.name_setting(name, shown, describe_allowed(name)) from None


def find_for_source(table: Mapping[str, T], source: str) -> T | None:
    """A source's entry in a table of sources: its own, else its family's (``stashbox``)."""
    return table.get(source, table.get(source.partition(":")[0]))


def name_base_url_setting(source: str) -> str:
    """The setting that says where a source's requests really go; a family has one in common."""
    return f"{source.partition(':')[0].upper()}_BASE_URL"


def read_like(default: object, name: str, value: Any) -> Any:
    """A setting that only Scrapy reads, as a value of the type that its default has."""
    kind = _LIKE.get(type(default), Any)
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError:
        raise BadSetting.name_setting(
            name, value, _describe_field(FieldInfo.from_annotation(kind))
        ) from None


def describe_allowed(name: str) -> str:
    """What may be given, in words: ``a whole number from 1 to 256``."""
    return _describe_field(ProjectSettings.model_fields[name])


def _describe_field(field: FieldInfo) -> str:
    if field.description:
        return field.description
    if field.annotation is bool:
        return "1 or 0"
    if get_origin(field.annotation) is Literal:
        *first, last = get_args(field.annotation)
        return f"{', '.join(first)} or {last}" if first else str(last)
    for bounds in field.metadata:
        if isinstance(bounds, Within):
            number = "a whole number" if field.annotation is int else "a number"
            unit = f" of {bounds.unit}" if bounds.unit else ""
            return f"{number}{unit} from {bounds.ge:,} to {bounds.le:,}"
    return "a text"
