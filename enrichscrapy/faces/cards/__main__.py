"""``python -m enrichscrapy.faces.cards MODEL.toml``: does the file fit its card, and what is the
vector of the drawn face?
"""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Sequence
from pathlib import Path

from enrichscrapy.exceptions import EnrichError
from enrichscrapy.faces.cards.card import Card
from enrichscrapy.faces.cards.network import CardNetwork


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m enrichscrapy.faces.cards", description="Check a model card and its file."
    )
    parser.add_argument("card", type=Path, metavar="MODEL.toml")
    chosen = parser.parse_args(arguments)
    try:
        card = Card.read(chosen.card)
        vector = CardNetwork(card, "cpu", 0).drawn
    except EnrichError as error:
        print(f"cards: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{card.name}: {card.weights} fits, {card.dimension} numbers a face. {card.licence}")
    print(f'selftest = "{base64.b64encode(vector.astype("<f2").tobytes()).decode()}"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
