"""The gallery, a web application for one person on this machine: ``guards.py`` says who may ask,
``application.py`` which page answers; one module a page.

May import review, forgetting, reporting, index, database and what lies below; no Scrapy.
"""
