import datetime as dt

import pytest

from enrichscrapy import settings
from enrichscrapy.items import (
    Lookup,
    Outcome,
    PartialDate,
    Performer,
    Profile,
    ReferenceSiteMode,
)
from enrichscrapy.pipelines.adults import AdultsPipeline

TODAY = dt.date(2026, 6, 15)


class Stats(dict):
    def inc_value(self, name):
        self[name] = self.get(name, 0) + 1


def lookup(stored, said, outcome=Outcome.FOUND):
    born = PartialDate.parse(said) if said else None
    return Lookup(
        source="iafd",
        mode=ReferenceSiteMode.URL_LOOKUP,
        performer=Performer(1, "Mira Vantongeren", birth_date=stored),
        outcome=outcome,
        profile=Profile("Mira Vantongeren", "https://x.example", birth_date=born),
    )


@pytest.mark.parametrize(
    ("stored", "said", "detail"),
    [
        ("2010-01-01", None, "minor: says the database"),
        (None, "2008", "minor: says the page"),
        ("1990", "2008-12", "minor: says the page"),
    ],
)
def test_a_minor_ends_the_lookup_and_leaves_nothing(stored, said, detail):
    stats = Stats()
    done = AdultsPipeline(stats, lambda: TODAY).process_item(lookup(stored, said))
    assert (done.outcome, done.detail, done.profile) == (Outcome.MISMATCH, detail, None)
    assert stats == {"lookups/minor": 1}


@pytest.mark.parametrize(
    "text", ["2011 or 2012", "circa 2012", "13 years young", "11/27/08", "2010s"]
)
def test_vague_dates_count_as_the_youngest_they_can_mean(text):
    vague = lookup(None, None)
    vague.profile = Profile("Mira Vantongeren", "https://x.example", birth_text=text)
    done = AdultsPipeline(Stats(), lambda: TODAY).process_item(vague)
    assert (done.outcome, done.detail) == (Outcome.MISMATCH, "minor: says the page")
    assert done.born.year >= 2008


def test_what_the_pages_say_is_handed_to_the_store():
    done = AdultsPipeline(Stats(), lambda: TODAY).process_item(lookup("1990", "2008"))
    assert done.born == dt.date(2008, 12, 31)
    another_page = lookup(None, "1990")
    another_page.born = dt.date(2012, 1, 1)
    done = AdultsPipeline(Stats(), lambda: TODAY).process_item(another_page)
    assert (done.outcome, done.born) == (Outcome.MISMATCH, dt.date(2012, 1, 1))
    stranger = lookup(None, "2012", Outcome.MISMATCH)
    stranger.born = dt.date(2012, 1, 1)
    assert AdultsPipeline(Stats(), lambda: TODAY).process_item(stranger).born is None


@pytest.mark.parametrize(
    ("stored", "said"), [("1990", "1990-05"), (None, None), ("2008-06-15", "")]
)
def test_adults_pass(stored, said):
    done = AdultsPipeline(Stats(), lambda: TODAY).process_item(lookup(stored, said))
    assert done.outcome is Outcome.FOUND
    assert done.profile is not None


def test_what_found_nothing_passes_untouched():
    done = AdultsPipeline(Stats(), lambda: TODAY).process_item(lookup("2010", None, Outcome.ABSENT))
    assert done.outcome is Outcome.ABSENT


def test_it_stands_before_the_photos():
    order = {name.rpartition(".")[2]: n for name, n in settings.ITEM_PIPELINES.items()}
    assert order["IdentityPipeline"] < order["AdultsPipeline"] < order["PhotosPipeline"]
