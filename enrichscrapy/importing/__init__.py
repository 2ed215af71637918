"""Performers from other programs' files: readers, cleaned records, batches for the database.

May import database and what lies below; no Scrapy.
"""
