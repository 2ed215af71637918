"""What the demo's stash-box has of the demo's people."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from demo.people import IAFD, PEOPLE, DemoPerson, is_masculine, portrait
from demo.sites.content import person_uuid
from demo.stashbox.server import BoxPerformer

FIRST_SHOT = 300


def list_entries(people: Sequence[DemoPerson] = PEOPLE) -> Iterator[BoxPerformer]:
    """One entry a person: the facts as they are, IAFD's page, two portraits of its own."""
    for person in people:
        iafd = f"{IAFD}/id={person_uuid(person.name, person.birth_date)}"
        shots = (FIRST_SHOT, FIRST_SHOT + 1)
        yield BoxPerformer(
            person.stash_id,
            person.name,
            aliases=person.aliases,
            gender=person.gender.upper() if person.gender else None,
            birth_date=person.birth_date,
            country=person.country,
            urls=((iafd, "IAFD"),) if person.iafd is not None else (),
            pictures=tuple(
                functools.partial(portrait, person.number, shot, is_masculine(person))
                for shot in shots
            ),
        )
