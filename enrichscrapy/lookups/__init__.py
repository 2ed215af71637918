"""The way of one lookup: which page comes next, what its stages enter, its verdicts. No Scrapy.

May import identity, verdicts, faces, index, database and what lies below them.
"""
