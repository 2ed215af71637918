"""What every request passes: addresses, robots.txt, its turn, refusals, challenges, cookies.

May import core, extensions and what lies below; no spider, no command.
"""
