"""The fast network is the published one, and a mistake in it cannot go unseen."""

import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d, normalize

from enrichscrapy.exceptions import BadSetting, WeightsError
from enrichscrapy.faces.facenet import convolution, probe, selftest
from enrichscrapy.faces.facenet import network as module
from enrichscrapy.faces.facenet.convolution import Conv
from enrichscrapy.faces.facenet.folded import FoldedNet
from enrichscrapy.faces.facenet.network import (
    FLOAT32,
    Network,
    build_plain,
    load_state,
    pick_device,
)
from enrichscrapy.faces.facenet.weights import NAMED_SHA256
from enrichscrapy.faces.model import FaceModel, FacenetVGGFace2, ModelOptions, resolve_model
from tests.weights import random_state, save_weights

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(weights):
    return weights[0].read_bytes()


@pytest.fixture(scope="module")
def published(data):
    return build_plain(load_state(data))


@pytest.fixture(scope="module")
def crops(portrait):
    pictures = [probe.draw(), *(np.asarray(portrait(n).resize((160, 160))) for n in range(3))]
    noise = np.random.default_rng(4).integers(0, 256, (2, 160, 160, 3), np.uint8)
    return np.concatenate([np.stack(pictures), noise])


def plainly(net, crops):
    """As facenet-pytorch's users write it."""
    with torch.inference_mode():
        pixels = torch.from_numpy(crops).permute(0, 3, 1, 2).float()
        return net((pixels - 127.5) / 128.0).numpy()


@pytest.mark.parametrize(("dtype", "least"), [(torch.float32, 0.999999), (torch.bfloat16, 0.9995)])
def test_folding_changes_nothing(published, crops, dtype, least):
    with torch.inference_mode():
        fast = FoldedNet(published, CPU, dtype)
        vectors = normalize(fast(torch.from_numpy(crops))).numpy()
    assert (vectors * plainly(published, crops)).sum(axis=1).min() >= least


@pytest.mark.parametrize(("dtype", "off"), [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize(
    ("shape", "stride", "padding"), [((3, 3), 2, (0, 0)), ((1, 7), 1, (0, 3)), ((1, 1), 1, (0, 0))]
)
def test_a_convolution_is_laid_out_once(monkeypatch, dtype, off, relu, shape, stride, padding):
    """For any number of images after the first call, and as torch's ordinary one computes it."""
    rng = torch.Generator().manual_seed(1)
    weight = torch.randn(24, 16, *shape, generator=rng).to(dtype) / 10
    bias = torch.randn(24, generator=rng).to(dtype)
    convolve = Conv(weight, bias, (stride, stride), padding, relu)
    packs = convolution._can_pack(weight)
    for count in (1, 5, 2):
        x = torch.randn(count, 16, 17, 17, generator=rng).to(dtype)
        x = x.contiguous(memory_format=torch.channels_last)
        expected = conv2d(x.float(), weight.float(), bias.float(), stride, padding)
        expected = expected.relu() if relu else expected
        with torch.inference_mode():
            torch.testing.assert_close(convolve(x).float(), expected, atol=off, rtol=off)
        assert convolve.weight.is_mkldnn == packs
    monkeypatch.setattr(convolution, "_can_pack", lambda _weight: False)
    ordinary = Conv(weight, bias, (stride, stride), padding, relu)
    torch.testing.assert_close(ordinary(x).float(), expected, atol=off, rtol=off)


@pytest.mark.weights
def test_folding_changes_nothing_with_real_weights(portrait, crops):
    path = os.environ.get("FACE_WEIGHTS")
    if not path:
        pytest.skip("FACE_WEIGHTS is not set")
    net = build_plain(load_state(Path(path).read_bytes()))
    with torch.inference_mode():
        vectors = normalize(FoldedNet(net, CPU, torch.bfloat16)(torch.from_numpy(crops[:4])))
    expected = plainly(net, crops[:4])
    assert (vectors.numpy() * expected).sum(axis=1).min() >= 0.999
    assert selftest.load_stored() @ expected[0] >= selftest.LEAST_STORED_COSINE


def test_unit_vectors_of_any_batch(data, weights, crops):
    network = Network(data, weights[1], "cpu", 1)
    together = network.embed(crops)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    alone = np.concatenate([network.embed(crop[None]) for crop in crops])
    assert (alone * together).sum(axis=1).min() > 0.9995
    assert network.embed(crops[:0]).shape == (0, 512)


MISTAKES = {
    "red and blue swapped": lambda x: x.flip(-1),
    "red and green swapped": lambda x: x[..., [1, 0, 2]],
    "green and blue swapped": lambda x: x[..., [0, 2, 1]],
    "scaled to 0..1": lambda x: x.float() / 255 * 128 + 127.5,
    "not centred": lambda x: x.float() + 127.5,
    "not scaled": lambda x: (x.float() - 127.5) * 128 + 127.5,
    "whitened": lambda x: (x.float() - x.float().mean()) / x.float().std() * 128 + 127.5,
    "mirrored": lambda x: x.flip(2),
    "on its side": lambda x: x.transpose(1, 2),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_selftest_catches(data, published, weights, monkeypatch, mistake):
    class Wrong(FoldedNet):
        def __call__(self, crops):
            return super().__call__(MISTAKES[mistake](crops))

    monkeypatch.setattr(module, "build_plain", lambda _state: published)  # it is read already
    monkeypatch.setattr(module, "load_state", lambda _data: {})
    monkeypatch.setattr(module, "FoldedNet", Wrong)
    with pytest.raises(WeightsError, match=r"self-test.*channels or scaling"):
        Network(data, weights[1], "cpu", 1, FLOAT32)


def test_selftest_knows_the_named_weights(data):
    """Even a file that somehow bears the right hash must give the stored vector."""
    with pytest.raises(WeightsError, match="stored for these weights"):
        Network(data, NAMED_SHA256, "cpu", 1)


def test_weights_that_give_no_vectors(tmp_path):
    state = random_state(1)
    state["last_bn.weight"][:] = float("nan")
    path, sha256 = save_weights(tmp_path, state)
    with pytest.raises(WeightsError, match="no finite vectors"):
        Network(path.read_bytes(), sha256, "cpu", 1)


def test_probe_is_the_same_everywhere():
    crop = probe.draw()
    assert crop.shape == (160, 160, 3)
    assert int(crop.astype(np.int64).sum()) == PROBE_SUM
    assert np.linalg.norm(selftest.load_stored()) == pytest.approx(1, abs=1e-5)


PROBE_SUM = 8_571_667


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_weights_run_no_code(tmp_path):
    torch.save({"conv2d_1a.conv.weight": Evil(tmp_path / "made")}, tmp_path / "evil.pt")
    with pytest.raises(WeightsError, match="no state dict"):
        load_state((tmp_path / "evil.pt").read_bytes())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "data", [b"", b"<html>not found</html>", pickle.dumps({"a": 1}, 2), b"PK\x03\x04" + bytes(40)]
)
def test_what_is_no_weights_file(data):
    with pytest.raises(WeightsError, match=r"no state dict|do not fit"):
        build_plain(load_state(data))


def test_weights_of_another_network(tmp_path):
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match="do not fit InceptionResnetV1"):
        build_plain(load_state((tmp_path / "other.pt").read_bytes()))


def test_classifier_of_the_published_file_is_left_out(tmp_path):
    state = random_state(1) | {"logits.weight": torch.zeros(9, 512), "logits.bias": torch.zeros(9)}
    path, _ = save_weights(tmp_path, state)
    assert not build_plain(load_state(path.read_bytes())).training


def test_half_precision_weights_are_cast_up(tmp_path):
    half = {name: tensor.half() for name, tensor in random_state(1).items()}
    path, _ = save_weights(tmp_path, half)
    state = load_state(path.read_bytes())
    assert {tensor.dtype for tensor in state.values()} == {torch.float32}


def test_devices():
    assert pick_device("cpu") == CPU
    with pytest.raises(BadSetting, match="FACE_DEVICE=tpu"):
        pick_device("tpu")
    if not torch.cuda.is_available():
        assert pick_device("auto") == CPU
        with pytest.raises(BadSetting, match="no CUDA device"):
            pick_device("cuda")


def test_models_by_name(weights):
    assert resolve_model("enrichscrapy.faces.model.FacenetVGGFace2") is FacenetVGGFace2
    assert isinstance(FacenetVGGFace2.load(ModelOptions(*weights, "cpu", 1)), FaceModel)
    for name in ("", "nothing", "no.such.module.Model", "enrichscrapy.faces.model.Nothing"):
        with pytest.raises(BadSetting, match="FACE_MODEL=" + re.escape(name)):
            resolve_model(name)
    with pytest.raises(BadSetting, match="no face model"):
        resolve_model("pathlib.Path")


def test_a_face_and_its_mirror_image_have_one_vector(data, weights, crops):
    network = Network(data, weights[1], "cpu", 1)
    vectors, gaps = network.embed_mirrored(crops)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    mirrored, _ = network.embed_mirrored(np.ascontiguousarray(crops[:, :, ::-1]))
    assert np.allclose(vectors, mirrored, atol=1e-3)
    here, there = network.embed(crops), network.embed(np.ascontiguousarray(crops[:, :, ::-1]))
    assert np.allclose(gaps, 1 - (here * there).sum(axis=1), atol=2e-3)
    mean = here + there
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    assert (vectors * mean).sum(axis=1).min() > 0.9995
    assert (vectors * network.embed(crops)).sum(axis=1).min() < 0.9999, "it is another vector"
    assert network.embed_mirrored(crops[:0])[0].shape == (0, 512)


def test_stored_vectors_are_mirrored_ones_and_another_models(weights, crops):
    model = FacenetVGGFace2.load(ModelOptions(*weights, "cpu", 1))
    assert np.allclose(model.embed(crops[:2]), model.embed(crops[:2, :, ::-1]), atol=1e-3)
    assert model.info.preprocessing == "mtcnn-margin14-160-mirror-3"
