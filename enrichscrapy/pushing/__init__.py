"""Back into Stash: what was accepted, and how many faces there are, into a running Stash.

May import importing (for what asks a Stash), database and what lies below; no Scrapy.
"""
