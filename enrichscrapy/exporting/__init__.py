"""The accepted faces as files that other programs read: tables, Parquet, a usearch index, crops.

May import reporting, index, database and what lies below; no Scrapy.
"""
