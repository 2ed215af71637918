"""The stages of a lookup, as ``ITEM_PIPELINES`` orders them: adapters of pure functions.

May import core, extensions and what lies below; no spider, no command.
"""
