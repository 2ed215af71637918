"""Every setting of the project: what it does, its unit, and who reads it.

Each can be given for one run with ``-s NAME=value``, and for a folder in its ``.env``.
``docs/settings.md`` lists them for readers; a test keeps the two in step. This is the only place
that reads the environment.
``settings_reader.py`` holds the type and the bounds of each.
"""

import os

from enrichscrapy.folder import read_env_file

_in_file = read_env_file()


def _read_environment(name: str, default: str) -> str:
    """What the environment says, else the file; an empty variable counts as none."""
    return os.environ.get(name) or _in_file.get(name) or default


BOT_NAME = "enrichscrapy"
SPIDER_MODULES = ["enrichscrapy.spiders"]
NEWSPIDER_MODULE = "enrichscrapy.spiders"
COMMANDS_MODULE = "enrichscrapy.commands"

# Checks all settings before anything is started.
ADDONS = {"enrichscrapy.core.checks.CheckedSettings": 0}

# --- The way of a lookup -------------------------------------------------------------------------
ITEM_PIPELINES = {
    "enrichscrapy.pipelines.identity.IdentityPipeline": 100,
    # Nobody under 18, before any photo.
    "enrichscrapy.pipelines.adults.AdultsPipeline": 150,
    "enrichscrapy.pipelines.photos.PhotosPipeline": 200,
    # Only where KEEP_PHOTOS names a folder.
    "enrichscrapy.pipelines.kept_photos.KeptPhotosPipeline": 250,
    "enrichscrapy.pipelines.faces.FacesPipeline": 300,
    "enrichscrapy.pipelines.validation.ValidationPipeline": 400,
    "enrichscrapy.pipelines.store.StorePipeline": 500,
}

# What lives as long as the crawl.
EXTENSIONS = {
    # Before the database and the JOBDIR are opened: one crawl of a source at a time, or, on a
    # server's database, one of many.
    "enrichscrapy.extensions.lock.SourceLockExtension": -200,
    "enrichscrapy.extensions.worker.WorkerExtension": -190,
    # Before Scrapy opens anything in the JOBDIR.
    "enrichscrapy.extensions.jobdir.JobdirExtension": -100,
    "enrichscrapy.extensions.database.DatabaseExtension": 0,
    "enrichscrapy.extensions.model.ModelExtension": 10,
    "enrichscrapy.extensions.judge.JudgeExtension": 20,
    "enrichscrapy.extensions.publisher.IndexPublisher": 30,
    "enrichscrapy.extensions.shutdown.ShutdownExtension": 40,
    # Drops quarantined faces that nobody decided about for too long.
    "enrichscrapy.extensions.retention.RetentionExtension": 45,
    # Stops when the pages no longer look like the site's.
    "enrichscrapy.extensions.layout.LayoutExtension": 50,
    "enrichscrapy.extensions.dry_run.DryRunExtension": 400,
    # Before the summary: its live line must be gone when the table is printed.
    "enrichscrapy.extensions.progress.ProgressExtension": 450,
    "enrichscrapy.extensions.summary.SummaryExtension": 500,
    # Its line a minute is the progress's.
    "scrapy.extensions.logstats.LogStats": None,
    # Spiders keep no state of their own: a damaged state file could only do harm.
    "scrapy.extensions.spiderstate.SpiderState": None,
    # Its rule lives in enrichscrapy/politeness/pace.py; what it learns is kept across runs.
    "scrapy.extensions.throttle.AutoThrottle": None,
}

# --- Where things are (relative paths are relative to the working folder) ------------------------
# SQLAlchemy URL of the performer database: an SQLite file, or a database of a PostgreSQL server.
DATABASE_URL = _read_environment("DATABASE_URL", "sqlite:///data/enrichscrapy.db")
# Folder of what this machine keeps for a server's database; with SQLite it lies beside the file.
STATE_DIR = _read_environment("STATE_DIR", "data")
# Folder of the published FAISS generations.
INDEX_DIR = _read_environment("INDEX_DIR", "data/index")
# Up to this many faces, a search of the index compares all of them; above it only the likely ones.
INDEX_EXACT_FACES = 200_000
# Seconds between two publishings of the index while a crawl runs; 0 publishes at its end only.
INDEX_PUBLISH_SECONDS = 300

# --- Which work is due ---------------------------------------------------------------------------
# Days after which an ended lookup is due again; 0 means never.
REVISIT_AFTER_DAYS = 0
# Failures in a row after which a lookup is reported instead of tried again; refusals do not count.
MAX_ATTEMPTS = 5
# Seconds before the first new attempt; doubled each time, with jitter that only lengthens …
RETRY_BASE_SECONDS = 900
# … and never longer than this (before the jitter).
RETRY_MAX_SECONDS = 7 * 86400
# Pages tried for one performer in mode=name, searches not counted.
MAX_CANDIDATES = 4
# Photos downloaded of one profile in one lookup, best first.
MAX_PHOTOS_PER_PROFILE = 20
# Performers that are being looked up at the same time; they share one connection to the site.
LOOKUPS_IN_PROGRESS = 4

# --- Several machines on one database (PostgreSQL) -----------------------------------------------
# What this machine is called among them; empty: its host name. Two folders on one host that hold
# files of their own (index, JOBDIRs, logs) are two machines.
MACHINE_NAME = _read_environment("MACHINE_NAME", "")
# The key of the suppressions, the same file on every machine; empty: beside the database, or in
# STATE_DIR.
SUPPRESSION_KEY_FILE = _read_environment("SUPPRESSION_KEY_FILE", "")
# Seconds without a sign of life after which other crawls may take over a crawl's lookups.
LEASE_SECONDS = 120
# Seconds that a crawl waits for a database server that is away; it asks sites for nothing
# meanwhile.
DATABASE_PATIENCE = 300

# --- Faces ---------------------------------------------------------------------------------------
# 0 stops after the photos' addresses and leaves what was found due.
FACES_ENABLED = True
# What makes the vectors: the dotted name of a class, or the path of a model card (….toml).
FACE_MODEL = _read_environment("FACE_MODEL", "enrichscrapy.faces.model.FacenetVGGFace2")
# Weights file; without it the named file is fetched once into the user's cache folder.
FACE_WEIGHTS = _read_environment("FACE_WEIGHTS", "")
# SHA-256 of the weights when they are not the named file.
FACE_WEIGHTS_SHA256 = _read_environment("FACE_WEIGHTS_SHA256", "")
# "auto", "cpu" or "cuda".
FACE_DEVICE = _read_environment("FACE_DEVICE", "auto")
# Worker processes that look at photos; 0: two for each GPU, else one for each core, at most 4.
FACE_WORKERS = 0
# Threads of one worker process.
FACE_THREADS = 1
# Photos looked at together.
FACE_BATCH_SIZE = 16
# Seconds after which a worker that does not answer for a batch is replaced.
FACE_TIMEOUT = 120
# MiB of resident memory beyond which a worker is replaced.
FACE_WORKER_MEMORY = 2048
# Bytes beyond which a photo is not downloaded, pixels beyond which it is not decoded (too_large).
PHOTO_MAX_BYTES = 30_000_000
PHOTO_MAX_PIXELS = 50_000_000
# Pixels below which a photo's longer side is not reduced while it is searched for faces.
PHOTO_WORK_SIDE = 700
# The quality gates; a face or photo that does not pass is `low_quality`, with the gate's name. A
# minimum of 0 lets all pass, as 255, 1 and 180 do as a maximum.
# Pixels of the photo's shorter side.
PHOTO_MIN_SIDE = 160
# Pixels of the face's shorter side …
FACE_MIN_SIZE = 50
# … and its share of the photo's longer side.
FACE_MIN_SHARE = 0.04
# Detection score, 0 to 1. Detections below 0.9 are mostly no faces.
FACE_MIN_SCORE = 0.95
# Strength of the crop's fine features in per cent of its contrast (see faces/quality.py).
FACE_MIN_SHARPNESS = 28
# Exposure of the crop: the grey level (0 to 255) that its brightest twentieth reaches, the one
# that its darkest twentieth stays below, the standard deviation of grey, and the share of pixels
# that are black or burnt out.
FACE_MIN_HIGHLIGHTS = 60
FACE_MAX_SHADOWS = 190
FACE_MIN_CONTRAST = 12
FACE_MAX_CLIPPED = 0.4
# Degrees that a face may be turned to a side, and tilted.
FACE_MAX_YAW = 60
FACE_MAX_ROLL = 45
# Times the area of the next face that the largest must have in a photo of several faces;
# otherwise the photo is `several_faces`. 0: every face of every photo is taken.
FACE_DOMINANCE = 4

# --- Verdicts ------------------------------------------------------------------------------------
# Trust per source: "high", "medium", "low" or "user"; one that is not named is "medium".
TRUST_LEVELS = {"babepedia": "high", "iafd": "high", "stashbox": "high", "import": "user"}
# Accepted faces kept of one performer and source, and of one performer in all.
MAX_FACES_PER_SOURCE = 5
MAX_FACES_TOTAL = 20
# How careful to be where the face model may not tell people apart, or nobody knows: 0 takes what is
# near enough elsewhere, more lets fewer strangers in and more faces wait for a person.
FACE_CAUTION = 1.0
# A photo that this many performers have is nobody's: a placeholder, or a mistake of the site. Where
# fewer share it, its faces wait for a person to decide.
PLACEHOLDER_PERFORMERS = 3

# --- The sites -----------------------------------------------------------------------------------
# Where requests really go, for trying the crawl against a copy on loopback; stored URLs keep the
# real host. Empty means the real site. Loopback is reached, and the delay floors may be lowered,
# only for a source whose *_BASE_URL names loopback.
BABEPEDIA_BASE_URL = _read_environment("BABEPEDIA_BASE_URL", "")
IAFD_BASE_URL = _read_environment("IAFD_BASE_URL", "")
STASHBOX_BASE_URL = _read_environment("STASHBOX_BASE_URL", "")
# Keys of the stash-boxes, by name or address: {"stashdb": "…"}. From the environment: a command
# line can be read by everybody on the machine.
STASHBOX_API_KEYS = _read_environment("STASHBOX_API_KEYS", "")
# Performers that are asked for in one request to a stash-box.
STASHBOX_BATCH = 25
# An address a site's operator can write to; part of the User-Agent. There is no way to send any
# other User-Agent.
CONTACT = _read_environment("CONTACT", "")
# Seconds between two requests to a source, at least. Lower than 3 (Babepedia), 2 (IAFD) and 1
# (stash-boxes) only on loopback. robots.txt's Crawl-delay, Retry-After and what AutoThrottle learns
# come on top.
DELAY_FLOORS = {"babepedia": 3, "iafd": 2, "stashbox": 1}
# Share of the delay by which it is lengthened at most, at random; never shortened.
DELAY_JITTER = 0.3
# Requests to one source in a UTC day, photos, robots.txt and browsers included; 0: no limit. When
# they are used up, the crawl ends with finish_reason=budget and goes on another day.
REQUESTS_PER_DAY = 10_000
# Seconds that a crawl waits through a pause (Retry-After, Crawl-delay); it ends at once when a host
# asks for more.
LONGEST_WAIT = 600
# The most days for which a pause is obeyed; `scrapy hosts --resume HOST` ends one by hand.
MAX_RETRY_AFTER = 7
# Refusals in a row, and failures (no connection, server errors) in a row, after which a source is
# left alone. A block, or a challenge that does not open, does so at once.
CIRCUIT_REFUSALS = 5
CIRCUIT_FAILURES = 20
# Seconds for which it is left alone; doubled after each failed probe, up to the maximum.
CIRCUIT_PAUSE = 900
CIRCUIT_PAUSE_MAX = 86400
# Seconds after which robots.txt is fetched again.
ROBOTS_MAX_AGE = 86400
# The Chromium that opens challenged pages; empty: Playwright's own or the system's, if any.
CHROMIUM_PATH = _read_environment("CHROMIUM_PATH", "")
# Chromium's own sandbox; never used as root, where Chromium has none.
CHROMIUM_SANDBOX = True
# MiB of memory beyond which a browser is ended.
CHROMIUM_MEMORY = 1024
# Requests a browser may make for one challenge, counted in the budget; they go to the challenged
# host and to the challenge providers only ("host" or "host:port").
CHALLENGE_MAX_REQUESTS = 30
CHALLENGE_PROVIDERS = ["challenges.cloudflare.com"]
# Seconds after which a challenge that does not open is given up.
CHALLENGE_TIMEOUT = 30
# Bytes of a page beyond which it is not read, packed or unpacked (photos: PHOTO_MAX_BYTES).
PAGE_MAX_BYTES = 8_000_000

# --- What is kept --------------------------------------------------------------------------------
# Days for which a quarantined face waits for a person's decision; then its vector and crop are
# dropped, at the start of the next crawl. 0 keeps it for good.
RETENTION_DAYS = 180
# Folder in which downloaded photos are kept; empty: none is kept once its faces are embedded.
KEEP_PHOTOS = _read_environment("KEEP_PHOTOS", "")

# --- Runs ----------------------------------------------------------------------------------------
# 1 looks up, downloads, embeds and judges, writes nothing but pace and budget, and prints what it
# would have done.
DRY_RUN = False

# What scrapy check tests the callbacks against.
SPIDER_CONTRACTS = {
    "enrichscrapy.spiders.contracts.LooksUp": 1,
    "enrichscrapy.spiders.contracts.OutcomeContract": 2,
    "enrichscrapy.spiders.contracts.FieldsContract": 3,
    "enrichscrapy.spiders.contracts.PhotosContract": 4,
    "enrichscrapy.spiders.contracts.LeadsTo": 5,
}
# The performer that scrapy check asks for, by source: {"babepedia": ID}. Else the one found last.
CHECK_PERFORMERS: dict[str, object] = {}

# Seconds between two summaries of a crawl's progress in the log, where no terminal shows it live;
# 0 logs none.
PROGRESS_LOG_SECONDS = 60

# Seconds that the first Ctrl-C or SIGTERM leaves to what is in flight. Pages that were not asked
# for are handed back at once, photos after this time; after twice this time the process ends.
SHUTDOWN_SECONDS = 30

# --- The way of a request (small numbers are near the engine, large ones near the network) --------
DOWNLOADER_MIDDLEWARES = {
    # Checks restored requests against the ledger again.
    "enrichscrapy.downloadermiddlewares.restored.RestoredMiddleware": 10,
    # Addresses, limits, types, the User-Agent; sees every redirect again.
    "enrichscrapy.downloadermiddlewares.intake.IntakeMiddleware": 20,
    # robots.txt, for pages and photos.
    "enrichscrapy.downloadermiddlewares.robots.RobotsMiddleware": 100,
    # Gives a challenge to a browser; before it counts as a refusal.
    "enrichscrapy.downloadermiddlewares.challenge.ChallengeMiddleware": 570,
    # Tells refusals apart; after unpacking, before retries are used up.
    "enrichscrapy.downloadermiddlewares.refusals.RefusalsMiddleware": 560,
    # Unpacks within the limits.
    "enrichscrapy.downloadermiddlewares.compression.BoundedCompressionMiddleware": 590,
    # One request at a time to a source, each in its turn (which the download handler ends).
    "enrichscrapy.downloadermiddlewares.pace.PaceMiddleware": 650,
    # Cookies of the sources' own hosts, bounded; set when the turn has come.
    "enrichscrapy.downloadermiddlewares.cookies.SourceCookiesMiddleware": 700,
    # Replaced by the above …
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": None,
    # … and not used here: a proxy would resolve names where nobody checks the address.
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
}
# Applies the *_BASE_URLs and tells the pace how each request ended; no other scheme is served.
DOWNLOAD_HANDLERS = {
    "http": "enrichscrapy.core.handler.OutboundDownloadHandler",
    "https": "enrichscrapy.core.handler.OutboundDownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
# Names resolve to public addresses only.
TWISTED_DNS_RESOLVER = "enrichscrapy.core.resolver.PublicResolver"
DNS_TIMEOUT = 20
DOWNLOAD_VERIFY_CERTIFICATES = True
# Seconds a request may take in all, however slowly its bytes arrive.
DOWNLOAD_TIMEOUT = 60
# The intake's own limits are lower; these are for what does not pass it.
DOWNLOAD_MAXSIZE = 32_000_000
DOWNLOAD_WARNSIZE = 0
REDIRECT_MAX_TIMES = 5
# Every status reaches the spider: it tells absent from failed. (The request meta
# handle_httpstatus_all would keep redirects from being followed.)
HTTPERROR_ALLOW_ALL = True
# New attempts within the run, each in its turn like any request; what still fails is the ledger's
# to bring back. Refusals are read first.
RETRY_TIMES = 2
RETRY_HTTP_CODES = [408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526]
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"  # the message quotes the URL, which holds a name

# --- The ledger decides the work, Scrapy's queues only carry it -----------------------------------
SCHEDULER = "enrichscrapy.core.scheduler.LedgerScheduler"
# What a JOBDIR holds is JSON: Scrapy's pickles would run any code that somebody put into them.
SCHEDULER_DISK_QUEUE = "enrichscrapy.core.json_queue.JsonLifoQueue"
SCHEDULER_START_DISK_QUEUE = "enrichscrapy.core.json_queue.JsonFifoQueue"
DOWNLOADER = "enrichscrapy.core.downloader.StoppableDownloader"
# No request is ever dropped as seen before: a finished JOBDIR must not silence a new attempt.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"

# --- Scrapy --------------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True
COOKIES_ENABLED = True
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
# Read by enrichscrapy/politeness/rules.py, with the floors as minimum: seconds, seconds, and
# the requests in flight at which the delay would equal the host's latency.
AUTOTHROTTLE_START_DELAY = 0
AUTOTHROTTLE_MAX_DELAY = 60
AUTOTHROTTLE_TARGET_CONCURRENCY = 1.0
CONCURRENT_REQUESTS_PER_DOMAIN = 1
# Scrapy makes so many tasks for each answer (100), and most answers bring one lookup.
CONCURRENT_ITEMS = 4
DOWNLOAD_DELAY_JITTER = 0
LOG_LEVEL = "INFO"
# Names performers by id where Scrapy would quote items and addresses.
LOG_FORMATTER = "enrichscrapy.core.log_formatter.IdsOnlyLogFormatter"

# --- What the folder's .env says of all others ---------------------------------------------------
globals().update(
    {name: value for name, value in _in_file.items() if name.isupper() and not os.environ.get(name)}
)
