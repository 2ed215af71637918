"""``python -m demo.serve``: keep the demo sites up, to try crawls by hand.

Prints the settings that send a crawl there. ``--fault SITE PATH KIND`` makes a path misbehave
(``demo/sites/faults.py`` lists the kinds); a trailing ``*`` takes all paths that begin like it.
"""

from __future__ import annotations

import argparse
import signal

from demo.people import babepedia_profiles, iafd_profiles
from demo.sites import AccessLog, DemoSite, DemoSites, Fault, Kind
from demo.stashbox import StashBoxServer
from demo.stashbox.cast import list_entries

KEY = "demo"


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the demo sites on loopback.")
    parser.add_argument(
        "--fault",
        nargs=3,
        action="append",
        default=[],
        metavar=("SITE", "PATH", "KIND"),
        help=f"SITE is babepedia, iafd or stashbox; KIND is one of {', '.join(Kind)}",
    )
    options = parser.parse_args()
    box = DemoSite(StashBoxServer(list(list_entries()), key=KEY), AccessLog())
    with DemoSites(babepedia_profiles(), iafd_profiles()) as sites, box.running():
        by_name = {"babepedia": sites.babepedia, "iafd": sites.iafd, "stashbox": box}
        for site, path, kind in options.fault:
            by_name[site].set_fault(path, Fault(Kind(kind)))
        print(f"export BABEPEDIA_BASE_URL={sites.babepedia.url} IAFD_BASE_URL={sites.iafd.url}")
        print(f'export STASHBOX_BASE_URL={box.url} STASHBOX_API_KEYS=\'{{"stashdb": "{KEY}"}}\'')
        print("Ctrl-C ends it.", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
