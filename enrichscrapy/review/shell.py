"""The review page's shell: the same for every face, filled in by its script."""

from __future__ import annotations

from functools import cache

from markupsafe import Markup

from enrichscrapy.reporting.pages import content_policy, environment, page_file

PACKAGE = "enrichscrapy.review"


@cache
def render() -> str:
    script, style = _parts()
    return (
        environment(PACKAGE)
        .get_template("review.html")
        .render(
            script=Markup(script),  # noqa: S704  # the project's own files
            style=Markup(style),  # noqa: S704
        )
    )


@cache
def policy() -> str:
    return content_policy(*_parts(), "connect-src 'self'", "frame-ancestors 'none'")


def _parts() -> tuple[str, str]:
    return page_file(PACKAGE, "review.js"), page_file(PACKAGE, "review.css")
