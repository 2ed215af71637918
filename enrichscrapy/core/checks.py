"""What the middlewares ask of the settings, checked in one go before anything is started."""

from __future__ import annotations

from scrapy.settings import BaseSettings

from enrichscrapy.core.browser import find_browser
from enrichscrapy.core.sources import Sources
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.politeness.rules import PaceRules
from enrichscrapy.politeness.user_agent import user_agent


def check_settings(settings: BaseSettings) -> None:
    """Raise ``BadSetting`` for a contact, browser, address, floor or limit that cannot be used."""
    if settings.getbool("HTTPCACHE_ENABLED"):
        raise BadSetting(
            "HTTPCACHE_ENABLED=1 cannot be used: what it keeps of pages and photos would be out of "
            "the pace's sight and of scrapy forget's"
        )
    user_agent(settings.get("CONTACT") or "")
    find_browser(settings.get("CHROMIUM_PATH") or "")
    for source in Sources.from_settings(settings):
        PaceRules.from_settings(settings, source.source, source.on_loopback)
