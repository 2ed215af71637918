"""What replaces Scrapy's own downloader, handler, scheduler and resolver; the browser.

May import extensions and what lies below; no spider, pipeline, middleware or command.
"""
