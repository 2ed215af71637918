import pytest

from tests.sample_database import ACCEPTED, WAITING, open_sample
from tests.support import Workplace, list_artefacts


@pytest.fixture
def place(tmp_path):
    made = Workplace(tmp_path)
    sample = open_sample(made.database_path)
    sample.lookup(sample.performer("Ada Demo"), faces=[ACCEPTED, WAITING])
    sample.database.close()
    return made


def test_a_report_lies_beside_the_database_unless_told_otherwise(place, tmp_path):
    done = place.run("report")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{tmp_path / 'report.html'}: faces of 1 performer wait")
    assert "Ada Demo" in (tmp_path / "report.html").read_text()
    place.run("report", "-o", str(tmp_path / "other.html"), "--crops", "0")
    with place.database() as database:
        assert [path.name for path in list_artefacts(database, "report")] == [
            "report.html",
            "other.html",
        ]


def test_what_cannot_be_written_or_understood_is_one_line(place, tmp_path):
    done = place.run("report", "-o", str(tmp_path / "no" / "such" / "folder.html"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be written" in done.stderr
    assert place.run("report", "--crops", "-1").returncode == 2
    assert place.run("report", "surplus").returncode == 2
