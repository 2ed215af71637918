"""Facts about people as pages and databases write them, made comparable. Pure.

May import items and exceptions; no Scrapy.
"""
