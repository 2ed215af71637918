"""Photo bytes in, faces out: decoding, detection, quality, crops, vectors, worker processes.

May import verdicts (a model's default thresholds), files, items and exceptions; no Scrapy, no
database.
"""
