import json

from tests.sample_database import ACCEPTED, open_sample
from tests.support import Workplace


def test_export_lies_beside_the_database_and_says_where(tmp_path):
    place = Workplace(tmp_path)
    sample = open_sample(place.database_path)
    empty = place.run("export")
    assert (empty.returncode, empty.stderr) == (
        1,
        "scrapy export: no face was ever accepted: there is nothing to export\n",
    )
    sample.lookup(sample.performer("Ada Demo"), faces=[ACCEPTED])
    sample.database.close()

    done = place.run("export")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"1 face in {tmp_path / 'export'}: README.md, faces.parquet")
    told = json.loads(place.run("export", "-o", str(tmp_path / "other"), "--json").stdout)
    assert (told["faces"], told["folder"]) == (1, str(tmp_path / "other"))
    assert all((tmp_path / "other" / name).exists() for name in told["files"])
    crops = place.run("export", "--format", "folder")
    assert crops.stdout.startswith(f"1 face in {tmp_path / 'export' / 'folder'}: ")
    assert place.run("export", "--format", "pickle").returncode == 2


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    place = Workplace(tmp_path)
    sample = open_sample(place.database_path)
    sample.lookup(sample.performer("Ada Demo"), faces=[ACCEPTED])
    sample.database.close()
    (tmp_path / "file").write_text("")
    done = place.run("export", "-o", str(tmp_path / "file" / "below"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "cannot be written" in done.stderr
