import os
import stat

import pytest

from enrichscrapy.files.durable import create_file, create_once, name_temporary, replace_file


def test_a_file_is_replaced_whole_and_for_its_owner_only(tmp_path):
    path = tmp_path / "record"
    path.write_text("old")
    name_temporary(path).write_text("left by a process that was killed")
    with replace_file(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["record"]


def test_what_breaks_in_the_middle_changes_nothing(tmp_path):
    path = tmp_path / "record"
    path.write_text("old")
    with pytest.raises(TypeError), replace_file(path) as file:
        file.writelines([b"half", None])
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["record"]


def test_the_bytes_are_synced_before_the_name_and_the_name_before_it_returns(tmp_path, monkeypatch):
    steps = []
    real = {name: getattr(os, name) for name in ("fsync", "replace")}
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: steps.append(os.readlink(f"/proc/self/fd/{fd}")) or real["fsync"](fd),
    )
    monkeypatch.setattr(os, "replace", lambda a, b: steps.append("rename") or real["replace"](a, b))
    path = tmp_path / "record"
    with replace_file(path) as file:
        file.write(b"new")
    assert steps == [str(name_temporary(path)), "rename", str(tmp_path)]


def test_what_is_there_is_not_written_over(tmp_path):
    path = tmp_path / "key"
    path.write_text("kept")
    with pytest.raises(FileExistsError), create_file(path):
        pass
    assert path.read_text() == "kept"


def test_a_file_is_created_whole_or_is_another_s(tmp_path, monkeypatch):
    """Whoever is killed before the last step leaves no half a key under its name."""
    path, link = tmp_path / "key", os.link

    def interfere(temporary, name):
        assert not path.exists()
        assert temporary.read_bytes() == b"ours"
        monkeypatch.setattr(os, "link", link)
        create_once(path, b"theirs")
        link(temporary, name)

    monkeypatch.setattr(os, "link", interfere)
    create_once(path, b"ours")
    create_once(path, b"late")
    assert path.read_bytes() == b"theirs"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["key"]
