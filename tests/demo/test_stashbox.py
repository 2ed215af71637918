"""The demo's stash-box has everybody of the demo, and its people are the other sites' own."""

from demo.people import PEOPLE, iafd_profiles
from demo.stashbox.cast import list_entries
from enrichscrapy.sites import iafd


def test_everybody_has_an_entry_and_links_lead_to_the_demo_s_own_pages():
    entries = {entry.id: entry for entry in list_entries()}
    assert set(entries) == {person.stash_id for person in PEOPLE}
    pages = {profile.uuid.lower() for profile in iafd_profiles()}
    linked = [iafd.slug_from_url(url) for each in entries.values() for url, _ in each.urls]
    assert len(linked) > 20
    assert len(set(linked) - pages) <= 3  # some pages tell another name or date
    (first, *_) = entries.values()
    assert first.pictures[0]().startswith(b"\xff\xd8")
