"""Names, dates, links: is this page this performer's, is the person of age? Pure.

May import sites, facts, items and exceptions; no Scrapy, no database.
"""
