# scrapyd with the project installed, ready to schedule; all that is kept lies in the volume /data.
FROM python:3.12-slim

# Debian's Chromium opens challenged pages.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/enrichscrapy
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt "scrapyd>=1.6,<2" "setuptools>=77,<81"
COPY pyproject.toml README.md LICENSE requirements-dev.txt ./
COPY enrichscrapy enrichscrapy
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --create-home --uid 1000 keeper \
    && mkdir -p /data /etc/scrapyd \
    && chown keeper /data \
    && printf '%s\n' '[scrapyd]' 'eggs_dir = /data/eggs' 'logs_dir = /data/logs' \
       'dbs_dir = /data/dbs' 'jobs_dir = /data/jobs' 'max_proc = 2' \
       '[settings]' 'enrichscrapy = enrichscrapy.settings' > /etc/scrapyd/scrapyd.conf

ENV SCRAPY_SETTINGS_MODULE=enrichscrapy.settings \
    DATABASE_URL=sqlite:////data/enrichscrapy.db \
    INDEX_DIR=/data/index \
    XDG_CACHE_HOME=/data/cache \
    SCRAPYD_BIND_ADDRESS=0.0.0.0 \
    PYTHONUNBUFFERED=1
USER keeper
WORKDIR /data
VOLUME /data
EXPOSE 6800
# Whoever reaches scrapyd can run code: without a password it does not start.
CMD ["sh", "-c", ": \"${SCRAPYD_USERNAME:?set it}\" \"${SCRAPYD_PASSWORD:?set it}\"; exec scrapyd"]
