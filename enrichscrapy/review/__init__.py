"""Deciding by hand: the faces that wait, what one needs to see of each, and the decisions.

The command and the web page share the same two parts: ``queue.py`` reads, ``desk.py`` decides.
"""
