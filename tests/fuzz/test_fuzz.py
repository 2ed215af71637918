"""A short run of ``make fuzz``, always with the same inputs."""

import pytest

from tests.fuzz.run import feed
from tests.fuzz.targets import TARGETS, Target, _plain

CASES = 20


@pytest.mark.parametrize("name", TARGETS)
def test_mutated_inputs_break_nothing(name):
    count, found = feed(TARGETS[name], range(CASES))
    assert count == CASES
    assert [(each.seed, each.what) for each in found] == []


def test_what_breaks_is_found():
    def broken(data):
        if b"\0" in data:
            raise KeyError("a fault")

    _, found = feed(Target([b"abc"], _plain(broken)), range(CASES))
    assert found
    assert all(b"\0" in each.data and each.what.startswith("KeyError") for each in found)
