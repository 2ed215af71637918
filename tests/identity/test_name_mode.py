"""The simulation of name mode (``benchmarks/name_mode.py``), small."""

from benchmarks._names import make_world
from benchmarks.name_mode import simulate


def test_the_same_seed_makes_the_same_world_with_names_shared_as_asked():
    one, other = (make_world(300, 200, shared=0.25, seed=7) for _ in range(2))
    assert (one.performers, one.pages) == (other.performers, other.pages)
    assert one.performers != make_world(300, 200, shared=0.25, seed=8).performers
    names = [performer.canonical_name for performer in one.performers]
    alone = [performer.canonical_name for performer in make_world(300, 200, 0.0, 7).performers]
    assert len(set(names)) < len(set(alone))


def test_strangers_are_kept_out_and_most_right_pages_found():
    before, after = simulate(2_500, 1_500, lookups=300, shared=0.25, seed=3)
    assert before.wrong.hits > 5 * max(after.wrong.hits, 1)
    assert after.wrong_confirmed.hits == 0
    assert after.right >= 0.8 * before.right
    assert len(after.faces) == len(after.found)
