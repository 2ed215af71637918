"""Where lookups begin: the spider all sources share, a few lines for each, their arguments.

May import core, extensions and what lies below; no pipeline, no command.
"""
