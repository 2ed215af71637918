"""Files that outlive a crash: locks, JOBDIRs, kept photos.

May import exceptions; no Scrapy, no database.
"""
