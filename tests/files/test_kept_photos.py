import hashlib
import os

import pytest

from enrichscrapy.files.kept_photos import keep_photo

JPEG = b"\xff\xd8\xff\xe0 not really"
DIGEST = hashlib.sha256(JPEG).hexdigest()


def test_names_are_hashes_and_files_are_private(tmp_path):
    path = keep_photo(tmp_path / "photos", 7, DIGEST, JPEG)
    assert path == tmp_path / "photos" / "7" / f"{DIGEST}.jpg"
    assert path.read_bytes() == JPEG
    assert os.stat(path).st_mode & 0o077 == 0
    assert os.stat(path.parent).st_mode & 0o077 == 0
    assert keep_photo(tmp_path / "photos", 7, DIGEST, JPEG) == path
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"\x89PNG\r\n\x1a\n", ".png"),
        (b"RIFF1234WEBPVP8 ", ".webp"),
        (b"GIF89a", ".gif"),
        (b"<html>", ".bin"),
    ],
)
def test_the_suffix_is_the_content_s(tmp_path, data, suffix):
    assert keep_photo(tmp_path, 1, DIGEST, data).suffix == suffix


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_nothing_but_a_hash_is_a_name(tmp_path, digest):
    with pytest.raises(ValueError, match="64"):
        keep_photo(tmp_path, 1, digest, JPEG)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_a_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        keep_photo(tmp_path, 1, DIGEST, JPEG)
    assert list((tmp_path / "1").iterdir()) == []
