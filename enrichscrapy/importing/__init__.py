"""Performers from other programs' files: readers, cleaned records, batches written to the database.

May import database, identity, facts and what lies below them.
"""
