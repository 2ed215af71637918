"""What a user types: one module a command of ``scrapy``, which reads arguments and prints.

May import everything; nothing imports it.
"""
