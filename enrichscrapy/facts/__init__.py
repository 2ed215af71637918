"""Facts about people as pages and databases write them, made comparable. Pure; no Scrapy."""
