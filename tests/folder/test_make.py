"""``enrichscrapy init``: what lies in the folder, and that nothing of the user's is touched."""

import re
import stat
import subprocess
import sys

import pytest

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.folder import read_env_file
from enrichscrapy.folder.make import PLACES, TEMPLATES, make_folder


def test_all_of_it_is_made_for_its_owner_only(tmp_path):
    folder = tmp_path / "new" / "faces"
    made = make_folder(folder, "me@example.org")
    assert set(made.made) == {*TEMPLATES, *(f"{name}/" for name in PLACES)}
    assert made.kept == []
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert "CONTACT=me@example.org\n" in (folder / ".env").read_text()


@pytest.mark.parametrize(
    "contact",
    [
        "me@example.org",
        "https://x.example/#me",
        "Me # you",
        "it's me",
        'a "b" $HOME',
        "back\\slash",
    ],
)
def test_the_contact_is_read_as_it_was_given(tmp_path, monkeypatch, contact):
    make_folder(tmp_path, contact)
    monkeypatch.chdir(tmp_path)
    assert read_env_file() == {"CONTACT": contact}


def test_what_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / ".env").write_text("CONTACT=mine\n")
    made = make_folder(tmp_path, "other@example.org")
    assert made.kept == [".env"]
    assert "data/" not in made.made
    assert (tmp_path / ".env").read_text() == "CONTACT=mine\n"
    assert make_folder(tmp_path).made == []


def test_another_programs_folder_is_refused(tmp_path):
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = other.settings\n")
    with pytest.raises(BadSetting, match="another program"):
        make_folder(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["scrapy.cfg"]


@pytest.mark.parametrize("name", ["faces", "my faces", "100%", "it's $HOME"])
def test_the_crontabs_lines_go_to_the_folder_and_name_a_program_that_is_there(tmp_path, name):
    make_folder(tmp_path / name)
    table = (tmp_path / name / "schedule" / "crontab").read_text()
    lines = [line for line in table.splitlines() if not line.startswith("#")]
    assert len(lines) == 3
    for line in lines:
        command = line.split(maxsplit=5)[5].replace(r"\%", "%")  # as cron reads it
        place, *programs = command.split(" && ")
        shown = subprocess.check_output(["sh", "-c", f"{place} && pwd"], text=True)
        assert shown == f"{tmp_path / name}\n"
        assert all(each.startswith(f"{sys.executable} -m enrichscrapy ") for each in programs)


def test_the_unit_names_folder_and_program(tmp_path):
    make_folder(tmp_path / "50% done")
    unit = (tmp_path / "50% done" / "schedule" / "enrichscrapy.service").read_text()
    assert f"\nWorkingDirectory={tmp_path}/50%% done\n" in unit
    assert (
        len(re.findall(rf'^ExecStart=-"{sys.executable}" -m enrichscrapy crawl', unit, re.M)) == 2
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("CONTACT=me@example.org\n", {"CONTACT": "me@example.org"}),
        ("# a comment\n\nCONTACT=\nLOG_LEVEL = 'DEBUG' # why\n", {"LOG_LEVEL": "DEBUG"}),
        ('TRUST_LEVELS={"iafd": "low"}\n', {"TRUST_LEVELS": '{"iafd": "low"}'}),
        ("CONTACT=$HOME\n", {"CONTACT": "$HOME"}),
        ("\ufeffCONTACT=a@b.example\r\n", {"CONTACT": "a@b.example"}),  # as some editors save it
    ],
)
def test_the_file_is_read_from_the_folder_and_below_it(tmp_path, monkeypatch, text, values):
    make_folder(tmp_path)
    (tmp_path / ".env").write_text(text, encoding="utf-8", newline="")
    monkeypatch.chdir(tmp_path / "data")
    assert read_env_file() == values


def test_a_file_that_is_nobodys_is_not_read(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("CONTACT=me@example.org\n")
    monkeypatch.chdir(tmp_path)
    assert read_env_file() == {}


def test_a_file_that_cannot_be_read_ends_everything(tmp_path, monkeypatch, capsys):
    make_folder(tmp_path)
    (tmp_path / ".env").write_bytes(b"CONTACT=\xff\xfe\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        read_env_file()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"{tmp_path / '.env'} cannot be read: ")
