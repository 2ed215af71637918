"""What replaces Scrapy's own downloader, download handler, scheduler and resolver, and the browser.

May import extensions, politeness, files and what lies below them; no spider, pipeline or command.
"""
