"""What thresholds accept and reject, measured on faces of known people.

May import reporting, faces, database, verdicts and what lies below; no Scrapy.
"""
