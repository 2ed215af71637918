"""How the crawler introduces itself: program, version and whom to write to."""

from __future__ import annotations

import re

from enrichscrapy import __version__
from enrichscrapy.exceptions import BadSetting

PRODUCT = "enrichscrapy"
"""The name by which robots.txt may address this program."""


def make_user_agent(contact: str) -> str:
    """``enrichscrapy/1.0 (+address)``; without the address when there is none.

    Raises ``BadSetting`` for a ``CONTACT`` that no header can carry.
    """
    contact = contact.strip()
    if not contact:
        return f"{PRODUCT}/{__version__}"
    if not re.fullmatch(r"[!-'*-~]([ !-'*-~]{0,198}[!-'*-~])?", contact):
        raise BadSetting.name_setting(
            "CONTACT", contact, "an e-mail or web address in plain characters, without brackets"
        )
    return f"{PRODUCT}/{__version__} (+{contact})"
