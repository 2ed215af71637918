"""Enrich a performer database with verified face vectors from public reference sites."""

__version__ = "0.1.0"
