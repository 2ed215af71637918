"""What the middlewares ask of the settings, checked in one go before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enrichscrapy.core.browser import find_browser
from enrichscrapy.core.sources import Sources
from enrichscrapy.politeness.rules import PaceRules
from enrichscrapy.politeness.user_agent import user_agent


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raise ``BadSetting`` for a contact, browser, address, floor or limit that cannot be used."""
    user_agent(settings.get("CONTACT") or "")
    find_browser(settings.get("CHROMIUM_PATH") or "")
    for source in Sources.from_settings(settings):
        PaceRules.from_settings(settings, source.source, source.on_loopback)
