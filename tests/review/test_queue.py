import json

import pytest

from enrichscrapy.review.queue import (
    Narrowed,
    count_waiting,
    list_waiting,
    list_waiting_after,
    read_card,
)
from enrichscrapy.review.tell import print_queue, tell_card
from tests.sample_database import ACCEPTED, OWN, REJECTED, WAITING, WEAKER

pytestmark = pytest.mark.on_both()


def test_the_queue_keeps_a_performers_faces_together(sample):
    first, second = sample.performer("Ada Demo"), sample.performer("Bea Demo")
    (one,) = sample.lookup(first, faces=[WAITING])
    (two,) = sample.lookup(second, faces=[WAITING])
    (three, _) = sample.lookup(first, source="iafd", faces=[WAITING, ACCEPTED])
    assert [row.face_id for row in list_waiting(sample.database)] == [one, three, two]
    assert [row.face_id for row in list_waiting(sample.database, Narrowed(second))] == [two]
    assert [row.face_id for row in list_waiting(sample.database, Narrowed(source="iafd"))] == [
        three
    ]


def test_the_queue_is_read_part_by_part_in_the_same_order(sample):
    people = [sample.performer() for _ in range(3)]
    for performer_id in reversed(people):
        sample.lookup(performer_id, faces=[WAITING, WAITING])
    whole, parts = [row.face_id for row in list_waiting(sample.database)], []
    with sample.database.read() as connection:
        while part := list_waiting_after(connection, parts[-1] if parts else 0, 4):
            parts += part
        assert count_waiting(connection, Narrowed(people[0])) == 2
    assert parts == whole


def test_a_card_shows_what_else_waits_of_its_page(sample):
    performer_id = sample.performer()
    first, second, _ = sample.lookup(performer_id, faces=[WAITING, WAITING, REJECTED])
    sample.lookup(performer_id, source="iafd", faces=[WAITING])
    assert [face.face_id for face in read_card(sample.database, first).page] == [second]


def test_a_card_shows_the_known_faces_the_trusted_first(sample):
    performer_id = sample.performer("Ada Demo")
    sample.database.add_alias(performer_id, "Ada D.")
    (own,) = sample.lookup(performer_id, source="import", faces=[OWN])
    weak, candidate, _ = sample.lookup(performer_id, faces=[WEAKER, WAITING, REJECTED])
    shown = read_card(sample.database, candidate)
    assert [face.face_id for face in shown.known] == [own, weak]
    assert [face.trusted for face in shown.known] == [True, False]
    assert shown.aliases == ("Ada D.",)
    assert shown.page_url == "https://www.babepedia.com/babe/Person_1"
    assert shown.crop[:2] == b"\xff\xd8"
    assert "accepted up to 0.43" in shown.distances
    assert read_card(sample.database, 99) is None


def test_the_nearest_face_of_somebody_else_stands_beside_it(sample):
    (other,) = sample.lookup(sample.performer("Bea Demo"), faces=[ACCEPTED])
    seen = {"other_face": other, "other_performer": 1, "other_distance": 0.3}
    (candidate,) = sample.lookup(sample.performer("Ada Demo"), faces=[WAITING], distances=seen)
    rival = read_card(sample.database, candidate).rival
    assert (rival.face_id, rival.name) == (other, "Bea Demo")


def test_a_forgotten_rival_is_simply_not_there(sample):
    seen = {"other_face": 999, "other_distance": 0.3}
    (candidate,) = sample.lookup(sample.performer(), faces=[WAITING], distances=seen)
    assert read_card(sample.database, candidate).rival is None


def test_cards_are_json_without_pictures(sample):
    (candidate,) = sample.lookup(sample.performer(), faces=[WAITING])
    read = json.loads(json.dumps(read_card(sample.database, candidate).to_json()))
    assert read["face_id"] == candidate
    assert "crop" not in read


def test_names_are_printed_as_they_are_and_never_as_markup(sample, capsys):
    name = "[red]Ada[/nope] \x1b[31m[link=file:///]x"
    (candidate,) = sample.lookup(sample.performer(name), faces=[WAITING])
    print_queue(list_waiting(sample.database))
    print("\n".join(tell_card(read_card(sample.database, candidate))))
    printed = capsys.readouterr().out
    assert printed.count("[red]Ada[/nope]") == 2
    assert "\x1b" not in printed
