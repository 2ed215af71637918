"""Deciding by hand: ``queue.py`` reads what waits, ``desk.py`` decides, ``tell.py`` prints.

May import reporting, index, database and what lies below; no Scrapy.
"""
