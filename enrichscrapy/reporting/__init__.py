"""What the database says, for people: counts, a performer's story, the report, exports.

May import index, database, files and what lies below; no Scrapy.
"""
