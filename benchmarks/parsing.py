"""What reading a page costs beside building its selector: ``python -m benchmarks.parsing``.

The worst page known is an IAFD profile with a filmography of 1,300 rows (640 KB). Its markup is
made here; the name is invented. The bar: reading adds at most half of what the selector costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from parsel import Selector

from enrichscrapy.sites import Site, babepedia, iafd

UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def filmography_page(rows: int = 1300) -> str:
    """An IAFD profile with that many films, about 490 bytes each."""
    films = "\n".join(
        f'<tr class="we"><td><a href="/title.rme/id={number:08d}-1111-4222-8333-444455556666">'
        f"An Invented Film With A Rather Long Title Number {number}</a></td>"
        f"<td>{1990 + number % 35}</td>"
        f'<td><a href="/distrib.rme/distrib={number % 90}/studio-{number % 90}.htm">'
        f"Invented Studio {number % 90}</a></td><td>with <i>somebody else</i>, scene {number % 6}"
        f'</td><td>{"note " * 20}</td><td><a href="/review.rme/id={number}">Review</a>'
        f'<img src="https://www.iafd.com/graphics/headshots/thumbs/th_{number}.jpg"></td></tr>'
        for number in range(rows)
    )
    aliases = "".join(f"Nora {number}<br>" for number in range(40))
    return f"""<!DOCTYPE html><html><head><title>Nora Vesterlund - iafd.com</title>
<link rel="canonical" href="https://www.iafd.com/person.rme/id={UUID}"></head><body>
<h1>Nora Vesterlund\n</h1><div class="row"><div class="col-xs-12 col-sm-3">
<div id="headshot"><img title="Photo of Nora Vesterlund"
 src="https://www.iafd.com/graphics/headshots/noravesterlund_f_a1b2.jpg"></div>
<p class="bioheading">Performer AKA</p><div class="biodata">{aliases}</div>
<p class="bioheading">Gender</p><p class="biodata">Woman</p>
<p class="bioheading">Birthday</p><p class="biodata">October 15, 1983 (42 years old)</p>
<p class="bioheading">Social Network</p><a target="starlet" href="https://x.com/noravest">x</a></div>
<div class="col-xs-12 col-sm-9"><div id="vitalbox"><div id="home">
<p class="bioheading">Nationality</p><p class="biodata">Spanish</p></div><div id="awards">
{'<p class="bioheading">Awards</p><div class="biodata">Nominee: Best Portrait</div>' * 80}
</div></div><table id="personal"><tbody>
{films}
</tbody></table></div></div></body></html>"""


def crowded_page(strangers: int = 300) -> str:
    """A Babepedia profile among the thumbnails of that many other people."""
    thumbs = "\n".join(
        f'<div class="thumbshot"><a href="/babe/Somebody_Else_{number}">'
        f'<img src="/pics/Somebody Else {number}_thumb3.jpg"></a>Somebody Else {number}</div>'
        for number in range(strangers)
    )
    return f"""<!DOCTYPE html><html><head><title>Nora Vesterlund</title></head>
<body class="pageprofilepage"><div id="profbox2"><div id="profimg">
<a class="img" href="/pics/Nora%20Vesterlund.jpg"></a></div></div>
<h1 id="babename">Nora Vesterlund</h1><div id="personal-info-block"><div class="info-grid">
<div class="info-item"><span class="label">Born:</span> <span class="value">15th of October 1983
</span></div></div></div>{thumbs}</body></html>"""


def fastest(work: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest run: the others measure the machine's other work."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def measure(site: Site, page: str, repeats: int) -> tuple[float, float]:
    """Seconds to build the selector, and to classify and parse it."""
    url = site.profile_urls("Nora Vesterlund", "FEMALE")[0]
    build = fastest(lambda: Selector(page).xpath("/html"), repeats)
    selector = Selector(page)

    def read() -> None:
        site.classify(selector, url)
        site.parse_profile(selector, url)

    return build, fastest(read, repeats)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=15)
    repeats = arguments.parse_args().repeats
    print(f"{'page':<32}{'size':>10}{'selector':>12}{'reading':>12}{'ratio':>8}")
    pages: list[tuple[str, Site, str]] = [
        ("iafd, 1,300 films", iafd, filmography_page()),
        ("iafd, 20 films", iafd, filmography_page(20)),
        ("babepedia, 300 strangers", babepedia, crowded_page()),
    ]
    for title, site, page in pages:
        build, read = measure(site, page, repeats)
        size = f"{len(page) / 1024:,.0f} KB"
        print(
            f"{title:<32}{size:>10}{build * 1e3:>9.2f} ms{read * 1e3:>9.2f} ms{read / build:>8.2f}"
        )


if __name__ == "__main__":
    main()
