"""What ``scrapy forget`` removes: rows, files, mentions in queues and logs, vectors.

May import index, database, files, identity and what lies below; no Scrapy.
"""
