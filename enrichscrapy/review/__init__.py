"""Deciding by hand: ``queue.py`` reads what waits, ``desk.py`` decides, ``server.py`` serves.

May import reporting, index, database and what lies below; no Scrapy.
"""
