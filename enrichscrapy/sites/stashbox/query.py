"""What is asked of a stash-box: several performers by id, in one GraphQL query.

The fields are those of stash-box's published schema. Boxes run different versions of it, and some
only imitate it: whatever a box does not know can be left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

Unknown = tuple[str, str]
"""A type and a field of it that a box does not have: ``("Performer", "merged_into_id")``."""


@dataclass(frozen=True)
class _Field:
    """A field of ``Performer``; ``of`` is its type where that has fields, ``needed`` among them."""

    name: str
    of: str = ""
    needed: str = ""
    more: tuple[str, ...] = ()


_FIELDS = (
    *map(_Field, ("id", "name", "aliases", "gender")),
    *map(_Field, ("birth_date", "death_date", "country")),
    *map(_Field, ("deleted", "merged_ids", "merged_into_id")),
    _Field("urls", "URL", "url"),
    _Field("images", "Image", "url", ("id", "width", "height")),
)
_NEEDED = {("Performer", "id"), ("Performer", "name")}
_OLDER: Mapping[str, _Field] = {
    "birth_date": _Field("birthdate", "FuzzyDate", "date", ("accuracy",)),
}
"""What a field was before, for boxes that do not know it by its present name."""


@dataclass(frozen=True)
class Query:
    """The query as one box takes it; ``left_out`` is what that box does not have."""

    left_out: frozenset[Unknown] = frozenset()

    def without(self, unknown: Iterable[Unknown]) -> Self | None:
        """The query without these fields; None if nothing of it can be left out for them."""
        fields = self._fields()
        asked = {("Performer", each.name) for each in fields}
        asked |= {(each.of, name) for each in fields for name in (each.needed, *each.more) if name}
        spare = (asked & set(unknown)) - _NEEDED
        return replace(self, left_out=self.left_out | spare) if spare else None

    def body(self, ids: Sequence[str]) -> dict[str, Any]:
        """The request's JSON; the answer to ``ids[3]`` comes under ``p3``."""
        parameters = ", ".join(f"$p{n}: ID!" for n in range(len(ids)))
        asked = " ".join(f"p{n}: findPerformer(id: $p{n}) {{ ...Known }}" for n in range(len(ids)))
        selection = " ".join(_text(each, self.left_out) for each in self._fields())
        return {
            "query": f"query FindPerformers({parameters}) {{ {asked} }} "
            f"fragment Known on Performer {{ {selection} }}",
            "variables": {f"p{n}": performer_id for n, performer_id in enumerate(ids)},
        }

    def _fields(self) -> list[_Field]:
        older = (_OLDER[each.name] for each in _FIELDS if self._lacks(each) and each.name in _OLDER)
        return [each for each in (*_FIELDS, *older) if not self._lacks(each)]

    def _lacks(self, field: _Field) -> bool:
        return not self.left_out.isdisjoint({("Performer", field.name), (field.of, field.needed)})


def _text(field: _Field, left_out: frozenset[Unknown]) -> str:
    names = [n for n in (field.needed, *field.more) if n and (field.of, n) not in left_out]
    return f"{field.name} {{ {' '.join(names)} }}" if names else field.name
