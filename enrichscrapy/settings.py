"""Every setting of the project: what it does, its unit, and who reads it.

Each can be given for one run with ``-s NAME=value``. ``docs/settings.md`` lists them for readers;
a test keeps the two in step. This is the only place that reads the environment.
"""

import os

BOT_NAME = "enrichscrapy"
SPIDER_MODULES = ["enrichscrapy.spiders"]
NEWSPIDER_MODULE = "enrichscrapy.spiders"
COMMANDS_MODULE = "enrichscrapy.commands"

# --- The way of a lookup -------------------------------------------------------------------------
ITEM_PIPELINES = {
    "enrichscrapy.pipelines.identity.IdentityPipeline": 100,
    "enrichscrapy.pipelines.photos.PhotosPipeline": 200,
    "enrichscrapy.pipelines.faces.FacesPipeline": 300,
    "enrichscrapy.pipelines.validation.ValidationPipeline": 400,
    "enrichscrapy.pipelines.store.StorePipeline": 500,
}

# --- Where things are (relative paths are relative to the working folder) ------------------------
# SQLAlchemy URL of the performer database. SQLite only.
DATABASE_URL = os.environ.get("DATABASE_URL", "sqlite:///data/enrichscrapy.db")
# Folder of the published FAISS generations.
INDEX_DIR = os.environ.get("INDEX_DIR", "data/index")

# --- Which work is due ---------------------------------------------------------------------------
# Days after which an ended lookup is due again; 0 means never.
REVISIT_AFTER_DAYS = 0
# Failed attempts after which a lookup is reported instead of tried again.
MAX_ATTEMPTS = 5
# Seconds before the first new attempt; doubled each time, with jitter that only lengthens …
RETRY_BASE_SECONDS = 900
# … and never longer than this (before the jitter).
RETRY_MAX_SECONDS = 7 * 86400
# Pages tried for one performer in mode=name, searches not counted.
MAX_CANDIDATES = 4

# --- Faces ---------------------------------------------------------------------------------------
# 0 stops after the photos' addresses and leaves the lookup due.
FACES_ENABLED = True
# Dotted name of the face model class.
FACE_MODEL = os.environ.get("FACE_MODEL", "enrichscrapy.faces.model.FacenetVGGFace2")
# Weights file; without it the named file is fetched once into the user's cache folder.
FACE_WEIGHTS = os.environ.get("FACE_WEIGHTS", "")
# SHA-256 of the weights when they are not the named file.
FACE_WEIGHTS_SHA256 = os.environ.get("FACE_WEIGHTS_SHA256", "")
# "auto", "cpu" or "cuda".
FACE_DEVICE = os.environ.get("FACE_DEVICE", "auto")

# --- Verdicts ------------------------------------------------------------------------------------
# Trust per source: "high", "medium", "low" or "user".
TRUST_LEVELS = {"babepedia": "high", "iafd": "high", "import": "user"}
# Accepted faces kept of one performer and source, and of one performer in all.
MAX_FACES_PER_SOURCE = 5
MAX_FACES_TOTAL = 20

# --- The sites -----------------------------------------------------------------------------------
# Where requests really go, for trying the crawl against a copy on loopback; stored URLs keep the
# real host. Empty means the real site.
BABEPEDIA_BASE_URL = os.environ.get("BABEPEDIA_BASE_URL", "")
IAFD_BASE_URL = os.environ.get("IAFD_BASE_URL", "")
# An address a site's operator can write to; part of the User-Agent.
CONTACT = os.environ.get("CONTACT", "")

# --- Runs ----------------------------------------------------------------------------------------
# 1 looks up, downloads, embeds and judges, writes nothing but pace and budget, and prints what it
# would have done.
DRY_RUN = False

# --- Scrapy --------------------------------------------------------------------------------------
ROBOTSTXT_OBEY = True
COOKIES_ENABLED = True
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
TWISTED_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
AUTOTHROTTLE_ENABLED = True
CONCURRENT_REQUESTS_PER_DOMAIN = 1
RANDOMIZE_DOWNLOAD_DELAY = False
LOG_LEVEL = "INFO"
