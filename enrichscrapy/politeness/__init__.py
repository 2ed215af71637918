"""May the next request leave, and where to: pace, rules, circuit, refusals, addresses. Pure.

May import facts, items and exceptions; no Scrapy, no database.
"""
