"""Names, dates, links and facts: is this page this performer's, and is the person of age? Pure.

May import facts, sites, items and exceptions; no Scrapy, no database.
"""
