"""The evaluation anyone can run, on drawn people."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from rich.console import Console

from enrichscrapy.calibration import evaluate
from enrichscrapy.calibration.labelled import group_of, list_labelled_photos, read_photo
from enrichscrapy.calibration.lookers import Engine, Plain
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.faces.crop import measure_overlap
from tests.faces.cards import small_network, write_card


@pytest.fixture(scope="module")
def folder(tmp_path_factory, portrait, encode):
    """Three people with two photos each, one photo without a face and one that is none."""
    folder = tmp_path_factory.mktemp("people")
    for person in (2, 3, 5):
        (folder / f"person{person}").mkdir()
        for shot in (1, 2):
            data = encode(portrait(person, yaw=6.0 * shot))
            (folder / f"person{person}" / f"{shot}.jpg").write_bytes(data)
    blank = portrait(2).resize((1, 1)).resize((300, 400))
    (folder / "person2" / "3.jpg").write_bytes(encode(blank))
    (folder / "person3" / "3.txt").write_text("no photo")
    return folder


@pytest.fixture(scope="module")
def looked(folder, options):
    console = Console(file=io.StringIO(), width=100)
    lookers = {
        "gates off": Engine(options.open_gates()),
        "facenet-pytorch": Plain(options),
    }
    runs, owners = evaluate.evaluate(list_labelled_photos(folder), lookers.items(), console)
    return runs, owners, console


@pytest.mark.long
def test_every_way_of_looking_finds_the_faces_and_says_what_it_missed(looked):
    runs, owners, console = looked
    assert "3.txt: unreadable" in console.file.getvalue()
    assert owners.tolist() == [0, 0, 0, 1, 1, 2, 2]
    for run in runs:
        assert run.outcomes == {"faces": 6, "no_face": 1}
        assert (len(run.pairs.same), len(run.pairs.different)) == (3, 12)


@pytest.mark.long
def test_ours_and_the_plain_networks_agree(looked):
    runs, owners, _ = looked
    assert evaluate.match_photos(runs[0], runs[1]) == [0, 1, 3, 4, 5, 6]
    for ours, plain in zip(runs[0].found, runs[1].found, strict=True):
        if ours.vector is not None:
            assert float(ours.vector @ plain.vector) > 0.9  # their crops differ by their boxes
    words = evaluate.compare_runs(runs[0], runs[1], owners)
    assert words.startswith("ROC AUC over the 6 faces that both find: gates off ")


@pytest.mark.long
def test_the_table_and_the_plot(looked):
    runs, _, _ = looked
    shown = Console(file=io.StringIO(), width=80)
    shown.print(evaluate.format_table(runs))
    text = shown.file.getvalue()
    assert "7 photos of 3 people" in text
    assert "ROC AUC" in text
    assert "too few pairs" in text
    root = ET.fromstring(evaluate.draw_roc(runs))
    assert len(root.findall("{*}polyline")) == 6  # two curves, four rows of distances
    width, height = map(float, root.get("viewBox").split()[2:])
    for line in root.findall("{*}polyline"):
        for point in line.get("points").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


@pytest.mark.long  # with other models: test_two_models_side_by_side_by_group
def test_the_command(folder, tmp_path, weights, monkeypatch, capsys):
    path, sha256 = weights
    monkeypatch.setattr("enrichscrapy.settings.FACE_WEIGHTS", str(path))
    monkeypatch.setattr("enrichscrapy.settings.FACE_WEIGHTS_SHA256", sha256)
    target = tmp_path / "plot.svg"
    assert evaluate.main([str(folder), "--plain", "-o", str(target), "--most", "5"]) == 0
    told = capsys.readouterr().out
    assert "8 photos: the first 5 of them" in told
    assert "faces that both find" in told.replace("\n", " ")
    assert target.read_text().startswith("<svg")


@pytest.mark.parametrize(("name", "words"), [("nowhere", "not a folder"), ("", "neither")])
def test_a_folder_without_people_is_one_line(tmp_path, capsys, name, words):
    assert evaluate.main([str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert len(told.splitlines()) == 1


def test_two_models_side_by_side_by_group(folder, tmp_path, monkeypatch, capsys):
    people = tmp_path / "people"
    for person, group in ((2, "one"), (3, "one"), (5, "other")):
        (people / group).mkdir(parents=True, exist_ok=True)
        (people / group / f"person{person}").symlink_to(folder / f"person{person}")
    card = write_card(tmp_path / "model", small_network())
    monkeypatch.setenv("COLUMNS", "100")
    plot = tmp_path / "plot.svg"
    asked = ["--model", str(card), "--model", "demo.stand_in.LocalBinaryPatterns"]
    assert evaluate.main([str(people), *asked, "-o", str(plot)]) == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("model", "LocalBinaryPatterns", "photos a second"))
    assert "one: 2 people, AUC" in told
    assert "other: 1 people, AUC" in told
    assert "3 people" in told
    assert "LocalBinaryPatterns" in plot.read_text()
    assert evaluate.main([str(people), "--model", "nothing.toml", "-o", str(plot)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_groups_by_column(tmp_path):
    (tmp_path / "labels.csv").write_text("file,identity,group\na.jpg,x,g/h\nb.jpg,y,\n")
    found = list_labelled_photos(tmp_path)
    assert [(name, group_of(name)) for _, name in found] == [("g h/x", "g h"), ("y", "")]


def test_small_photos_are_enlarged(tmp_path, portrait):
    path = tmp_path / "small.png"
    portrait(2).resize((90, 120)).save(path)
    from PIL import Image

    assert min(Image.open(io.BytesIO(read_photo(path))).size) == 400
    path.write_bytes(b"no photo")
    assert read_photo(path) is None


def test_labels_need_their_columns(tmp_path):
    (tmp_path / "labels.csv").write_text("name\nx\n")
    with pytest.raises(BadSetting, match="file and identity"):
        list_labelled_photos(tmp_path)


def test_overlap_of_boxes():
    assert measure_overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1.0
    assert measure_overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert measure_overlap((0, 0, 1, 1), (1, 1, 2, 2)) == 0.0
