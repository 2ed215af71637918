import pytest

from enrichscrapy.facts.stashboxes import KNOWN, make_domain_id, name_box


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("stashdb", "stashdb"),
        ("StashDB.org", "stashdb"),
        ("https://stashdb.org/graphql", "stashdb"),
        ("https://api.theporndb.net/graphql", "theporndb"),
        ("https://fansdb.cc", "fansdb"),
        ("http://127.0.0.1:9998/graphql", "127.0.0.1:9998"),
        ("boxes.example.org", "boxes.example.org"),
        ("", ""),
    ],
)
def test_a_box_has_one_name_however_it_is_given(endpoint, name):
    assert name_box(endpoint) == name


@pytest.mark.parametrize("box", KNOWN.values())
def test_name_domain_and_address_are_one_box(box):
    assert {name_box(box.name), name_box(box.domain), name_box(box.graphql_url)} == {box.name}
    assert make_domain_id(box.name, "7") == f"{box.domain}:7"


def test_an_unknown_box_keeps_its_host_in_an_id():
    assert (
        make_domain_id(name_box("https://boxes.example.org/graphql"), "7") == "boxes.example.org:7"
    )
