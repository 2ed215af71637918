"""Facts about people (dates, countries, genders, names, links), made comparable. Pure.

May import items and exceptions; no Scrapy.
"""
