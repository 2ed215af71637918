"""What ``scrapy forget`` removes: rows, files, mentions in queues and logs, the index's vectors.

May import database, index, files, identity and what lies below them.
"""
