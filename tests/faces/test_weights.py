"""Only the named weights are read, from where the settings say."""

import hashlib
from dataclasses import replace

import pytest

from enrichscrapy.exceptions import BadSetting, WeightsError
from enrichscrapy.faces.facenet import weights as module
from enrichscrapy.faces.facenet.download import DownloadError
from enrichscrapy.faces.model import FacenetVGGFace2, ModelOptions


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(b"some weights")
    return path, hashlib.sha256(b"some weights").hexdigest()


def test_file_with_its_own_hash(file):
    path, sha256 = file
    assert module.read(path, sha256) == (b"some weights", sha256)
    assert module.verify(path, sha256.upper() + "\n") == sha256


@pytest.mark.parametrize("call", [module.read, module.verify])
def test_any_other_file_is_refused(file, call):
    path, _ = file
    with pytest.raises(WeightsError, match="expected 0000") as caught:
        call(path, "0" * 64)
    assert "FACE_WEIGHTS" in str(caught.value)
    with pytest.raises(WeightsError, match="needs its own FACE_WEIGHTS_SHA256"):
        call(path, "")


@pytest.mark.parametrize("call", [module.read, module.verify])
def test_missing_file(tmp_path, call):
    with pytest.raises(WeightsError, match=r"nowhere\.pt.*set FACE_WEIGHTS"):
        call(tmp_path / "nowhere.pt", "0" * 64)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert module.find_default_path().is_relative_to(tmp_path)
    return module.find_default_path()


def test_named_file_is_fetched_into_the_cache(cache, monkeypatch):
    asked = []

    def fetch(url, target, sha256, label):
        asked.append((url, target, sha256))
        target.parent.mkdir(parents=True)
        target.write_bytes(b"fetched")
        return target

    monkeypatch.setattr(module, "fetch", fetch)
    for _ in range(2):
        with pytest.raises(WeightsError, match="SHA-256"):  # this is not the named file
            module.verify(None, "")
    assert asked == [(module.NAMED_URL, cache, module.NAMED_SHA256)]


def test_without_a_network_the_error_says_what_to_do(cache):
    with pytest.raises(WeightsError) as caught:
        module.locate(None, "", url="http://127.0.0.1:9/weights.pt")
    text = str(caught.value)
    assert "http://127.0.0.1:9/weights.pt" in text
    assert "set FACE_WEIGHTS" in text
    assert "\n" not in text
    assert isinstance(caught.value.__cause__, DownloadError)
    assert isinstance(caught.value, BadSetting)


def test_hash_without_a_file_is_a_mistake(cache):
    with pytest.raises(WeightsError, match="without FACE_WEIGHTS"):
        module.verify(None, "0" * 64)


def test_describing_reads_the_file_and_builds_nothing(file):
    """Described, the model is known by its hash; loaded, bytes that are no weights are refused."""
    path, sha256 = file
    options = ModelOptions(path, sha256)
    info = FacenetVGGFace2.describe(options)
    assert (info.sha256, info.dimension) == (sha256, 512)
    with pytest.raises(WeightsError, match="no state dict"):
        FacenetVGGFace2.load(options)
    with pytest.raises(WeightsError):
        FacenetVGGFace2.describe(replace(options, sha256="0" * 64))
