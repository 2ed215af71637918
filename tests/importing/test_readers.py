"""Files as people have them: CSV of every flavour, other names for columns, empty cells."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.exceptions import UnreadableFile
from enrichscrapy.importing.readers import MAX_LINE, MAX_SPAN, open_reader
from enrichscrapy.importing.records import Fault
from tests.support import import_file, open_database


def records(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    reader = open_reader(path)
    try:
        return list(reader), reader.ignored
    finally:
        reader.close()


def names(items):
    return [item.fields["canonical_name"] for item in items if not isinstance(item, Fault)]


def faults(items):
    return [(item.line, item.reason) for item in items if isinstance(item, Fault)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "people.csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters_and_encodings_of_spreadsheets(path, delimiter, encoding):
    rows = [["id", "Name", "Birthday"], ["1", f"Zoë{delimiter} Q", "1990-05-06"]]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    (one,), ignored = records(path, text.getvalue(), encoding)
    assert one.fields["canonical_name"] == f"Zoë{delimiter} Q".replace("\t", "")
    assert (one.fields["birth_date"], ignored) == ("1990-05-06", [])


def test_the_line_that_tells_a_spreadsheet_the_delimiter(path):
    items, _ = records(path, "sep=;\nid;name\n1;A\n;B\n")
    assert names(items) == ["A", "B"]
    assert items[1].line == 4


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Birthday", "birth_date"),
        ("Date of Birth", "birth_date"),
        ("birth-date", "birth_date"),
        ("D.O.B.", "birth_date"),
        ("Date of Birth (approx.)", "birth_date"),
        ("Birth", "birth_date"),
        ("birth_year", "birth_date"),
        ("Year of Birth", "birth_date"),
        ("Geburtsdatum", "birth_date"),
        ("ＤＯＢ", "birth_date"),
        ("Sex", "gender"),
        ("GENDER", "gender"),
    ],
)
def test_columns_by_other_names(path, header, column):
    cell = "1990" if column == "birth_date" else "F"
    in_csv, _ = records(path, f"id,name,{header}\n1,A,{cell}\n")
    in_json, _ = records(path, json.dumps({"ID": 1, "Name": "A", header: cell}))
    for (one,) in (in_csv, in_json):
        assert column in one.fields


def test_a_year_of_birth_beside_the_date_counts_where_there_is_no_date(path):
    items, ignored = records(
        path, "id,name,birth_date,birth_year\n1,A,1990-05-06,1990\n2,B,,2012\n"
    )
    assert [one.fields["birth_date"] for one in items] == ["1990-05-06", "2012"]
    assert ignored == []


def test_tables_set_apart_by_bars(path):
    text = "id|name|aliases|birth_date\n1|A|B;C|2012\n2|D||\n"
    (one, other), _ = records(path, text)
    assert [alias for alias, _ in one.aliases] == ["B", "C"]
    assert (one.fields["birth_date"], other.fields["canonical_name"]) == ("2012", "D")


def test_what_editors_leave_around_the_cells(path):
    """Empty lines before the header, spaces before a quote, delimiters at the end of rows."""
    items, _ = records(
        path, '\n \nid, name, birth_date\n1, "Lund, Tessa", 2012\n2,B,1990,,\n3,C,1,2\n'
    )
    assert names(items) == ["Lund, Tessa", "B"]
    assert items[0].line == 4
    assert faults(items) == [(6, "4 columns where the header has 3")]


@pytest.mark.parametrize("cell", ["{0}|{1}", "{0} {1}", "{0}, {1}", "{0};{1}", '"{0}\n{1}"'])
def test_links_however_they_are_set_apart(path, cell):
    links = ["https://x.com/invented", "https://www.instagram.com/a,b"]
    if "," in cell:
        cell = f'"{cell}"'
    links = [links[0], links[1].replace(",b", "")] if "|" not in cell else links
    text = cell.format(*links)
    text = text if text.startswith('"') else f'"{text}"'
    (one,), _ = records(path, f"id,name,Links\n1,A,{text}\n")
    assert [link.url for link, _, _ in one.links] == links


def test_unknown_columns_are_named_with_the_nearest_known_one(tmp_path, db, path):
    path.write_text("id,name,brith_date,my shoe size\n1,A,1990,38\n2,B,1991,39\n")
    notes = []
    summary = import_file(db, path, on_note=notes.append)
    assert summary.faultless
    assert notes == [
        "column 'brith_date' is not known and was ignored: did you mean birth_date?",
        "column 'my_shoe_size' is not known and was ignored",
    ]
    lines = tmp_path / "people.jsonl"
    lines.write_text('{"id": 3, "name": "C", "Brith Date": 1}\n{"id": 4, "name": "D", "x": 1}\n')
    notes.clear()
    import_file(db, lines, on_note=notes.append)
    assert notes[0].endswith("did you mean birth_date?")
    assert len(notes) == 2


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("id,name,name", "several columns for name"),
        ("id,name,birthday,Birth Date", "several columns for birth_date"),
        ("name,country", "no column called id"),
        ("id,country", "no CSV file with a column called name"),
    ],
)
def test_a_header_that_cannot_be_meant(path, header, told):
    path.write_text(f"{header}\n1,A,B,C\n")
    with pytest.raises(UnreadableFile, match=told):
        open_reader(path)


def test_columns_without_a_name_are_no_columns_of_one_name(path):
    items, ignored = records(path, "id,name,,\n1,A,,\n")
    assert (names(items), ignored) == (["A"], [])


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1, "name": "A", "name": "B"}',
        '{"id": 1, "name": "A", "canonical_name": "B"}',
        '{"id": 1, "name": "A", "birthday": "1990", "birth_date": "1991"}',
    ],
)
def test_two_fields_of_one_name_cost_their_row(path, line):
    items, _ = records(path, line + "\n" + '{"id": 2, "name": "C", "birthday": null, "born": 1990}')
    assert [line for line, _ in faults(items)] == [1]
    assert names(items) == ["C"]


def test_what_stash_writes_is_understood(path):
    box = "11111111-1111-4111-8111-111111111111"
    row = {
        "id": 1,
        "name": "A",
        "canonical_name": "A",
        "alias_list": ["B"],
        "url": "https://x.com/invented",
        "stash_ids": [{"endpoint": "https://stashdb.org/graphql", "stash_id": box}],
    }
    (one,), ignored = records(path, json.dumps(row))
    assert (one.aliases, one.stashbox_ids) == ([("B", None)], [("stashdb", box)])
    assert [link.url for link, _, _ in one.links] == ["https://x.com/invented"]
    assert ignored == []


def test_a_line_longer_than_any_row_costs_itself(path):
    long = f'2,"{"x" * 3 * MAX_LINE},y\n3,C,\n'
    for first in ("1,A,open", '1,A,"open'):
        items, _ = records(path, f"id,name,note\n{first}\n{long}4,D,\n")
        assert names(items)[-2:] == ["C", "D"]
        assert {line for line, _ in faults(items)} <= {2, 3}


class TestNoValue:
    def test_nan_is_none(self, path):
        items, _ = records(
            path,
            '{"id": 1, "name": NaN}\n{"id": NaN, "name": "A"}\n{"id": 1e400, "name": "B"}\n'
            '{"id": 2, "name": "C", "birth_date": NaN, "height_cm": NaN, "gender": NaN}\n'
            '{"id": "nan", "name": "Nan", "country": "NaN", "aliases": ["nan", "NaN", NaN]}\n',
        )
        assert faults(items) == [(1, "no name")]
        assert [item.key for item in items[1:]] == [None, None, "2", None]
        assert items[3].fields == {"canonical_name": "C"}
        assert (items[4].fields, items[4].aliases) == ({"canonical_name": "Nan"}, [])

    def test_a_whole_number_is_written_as_one(self, path):
        text = "id,name,career_start_year,birth_date,stashbox_ids\n1.0,A,2010.0,1990.0,tpdb:7.0\n"
        (one,), _ = records(path, text)
        assert (one.key, one.stashbox_ids) == ("1", [("tpdb", "7")])
        assert one.fields["career_start_year"] == 2010
        assert one.fields["birth_date"] == "1990"
        (same,), _ = records(path, json.dumps({"id": 1.0, "name": "A"}))
        assert same.key == "1"

    @pytest.mark.parametrize("birth_date", ["0000-00-00", "unknown", "n/a", "NaT", " - "])
    def test_no_date_is_no_fault(self, path, birth_date):
        (one,), _ = records(path, f"id,name,birth_date\n1,A,{birth_date}\n")
        assert (one.fields, one.faults) == ({"canonical_name": "A"}, [])
        assert one.unread_birth_date is None


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "Tessa Quillmark\u200b",
            "\u202aTessa Quillmark\u202c",
            "\ufeffTessa\u2060 Quillmark",
            "Tessa Quill\u00admark",
            "\u2068Tessa\u00a0Quillmark\u2069\ufe0f",
            "Tessa\u200e  Quill\u034fmark\U000e0020",
        ],
    )
    def test_invisible_characters_go(self, path, name):
        (one,), _ = records(path, json.dumps({"id": 1, "name": "B", "aliases": [name]}))
        assert one.aliases == [("Tessa Quillmark", None)]

    def test_accents_are_composed(self, path):
        (one,), _ = records(path, json.dumps({"id": 1, "name": "Zoe\u0308 Q"}))
        assert one.fields["canonical_name"] == "Zo\u00eb Q"

    @pytest.mark.parametrize("name", ["\u200b", "\u3164", "\u2800 \ufeff", "🌹", "?!", " — "])
    def test_a_name_that_leaves_nothing_is_none(self, path, name):
        items, _ = records(path, json.dumps({"id": 1, "name": name}))
        assert faults(items) == [(1, "no name")]


class TestOpenQuotes:
    def rows(self, count, broken):
        lines = [f"{n},Nora V{n},{broken.get(n, f'note {n}')}" for n in range(1, count + 1)]
        return "id,name,disambiguation\n" + "".join(f"{line}\n" for line in lines)

    @pytest.mark.parametrize(
        "broken",
        [
            {5: '"x'},
            {20: '"x'},
            {5: '"x', 9: 'y"'},
            {5: '"x', 9: '"y'},
            {5: '"x', 6: '"y", z"'},
            {5: '"x', 18: '"a, b"'},
        ],
    )
    def test_one_costs_its_line_alone(self, path, broken):
        items, _ = records(path, self.rows(20, broken))
        lost = {line - 1 for line, _ in faults(items)}
        assert 5 in lost or 20 in lost
        assert lost <= broken.keys()
        assert len(items) == 20

    def test_in_a_file_longer_than_any_row(self, path):
        items, _ = records(path, self.rows(3 * MAX_SPAN, {5: '"x'}))
        assert [line for line, _ in faults(items)] == [6]
        assert "not closed" in faults(items)[0][1]
        assert len(items) == 3 * MAX_SPAN

    def test_cells_of_several_lines_are_read_as_such(self, path):
        note = "tall, blonde\n7 films\n1,2,3 and more\n\nlast line, of these"
        text = io.StringIO()
        csv.writer(text).writerows(
            [["note", "id", "name"], [note, "1", "A"], [note, "p2", "B"], ["", "3", "C"]]
        )
        items, _ = records(path, text.getvalue())
        assert names(items) == ["A", "B", "C"]

    def test_a_row_of_several_lines_that_is_none_is_one_fault(self, path):
        items, _ = records(path, 'id,name,note\n1,A,"two\nlines",more\n2,"B"x"\nlines",z\n3,C,\n')
        assert [line for line, _ in faults(items)] == [2, 4, 5]
        assert names(items) == ["C"]


CELLS = st.text(alphabet='ab"1,\n\r;|:é\x00', max_size=6)


@settings(max_examples=150)
@given(st.lists(CELLS | st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=8))
def test_no_csv_file_breaks_the_reader(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    items, _ = records(path, "\n".join(["id,name,aliases", "1,First,", *lines, "9,Last,"]))
    assert names(items)[:1] == ["First"]
    for item in items:
        assert "\n" not in (item.reason if isinstance(item, Fault) else item.key or "")


ROWS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "2", "3", "3.0", "", "x", "nan"]),
        "name": st.sampled_from(["Nora V", "Mia R", "", "\u200b", 'Ann "A" B', "two\nlines"]),
        "birth_date": st.sampled_from(["", "1990", "soon", "2012-03-02T00:00"]),
        "gender": st.sampled_from(["", "F", "?"]),
        "stashbox_ids": st.sampled_from(["", "stashdb:a", "stashdb:b", "tpdb:a|stashdb:a", ":"]),
        "urls": st.sampled_from(["", "https://x.com/invented", "nonsense"]),
    }
)


@settings(max_examples=60)
@given(st.lists(st.lists(ROWS, max_size=7), min_size=1, max_size=3))
def test_counts_add_up_to_the_rows_of_the_file(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("counts")
    with open_database(folder / "a.db") as db:
        for number, rows in enumerate(files):
            path = folder / f"{number % 2}.csv"
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(
                    file, ["id", "name", "birth_date", "gender", "stashbox_ids", "urls"]
                )
                writer.writeheader()
                writer.writerows(rows)
            done = import_file(db, path)
            blank = sum(not any(row.values()) for row in rows)
            told = done.added + done.updated + done.unchanged + done.skipped + done.suppressed
            assert told == len(rows) - blank
