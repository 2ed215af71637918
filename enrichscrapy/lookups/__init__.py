"""The way of one lookup: which page comes next, what its stages enter, its verdicts.

May import index, database, faces, identity and what lies below; no Scrapy.
"""
