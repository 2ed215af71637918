"""Files written to last and kept private: durable writes, locks, JOBDIRs, kept photos.

May import facts, items and exceptions; no Scrapy, no database.
"""
