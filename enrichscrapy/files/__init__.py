"""Files that outlive a crash: durable writes, locks, JOBDIRs, kept photos.

May import exceptions; no Scrapy, no database.
"""
