"""A model that comes as a file: read only when its sum is right, refused in one line, or run."""

from __future__ import annotations

import resource
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from enrichscrapy.exceptions import BadSetting, EnrichError, WeightsError
from enrichscrapy.faces import onnx_session as session
from enrichscrapy.faces.cards import network as module
from enrichscrapy.faces.cards.__main__ import main
from enrichscrapy.faces.cards.card import Card
from enrichscrapy.faces.cards.network import CardNetwork
from enrichscrapy.faces.crop import BoxCrop, PointsCrop
from enrichscrapy.faces.engine import FaceEngine
from enrichscrapy.faces.model import FaceModel, ModelOptions, find_crop_shape, resolve_model
from enrichscrapy.items import PhotoOutcome
from tests.faces.cards import DIMENSION, SIDE, small_network, write_card
from tests.support import PROJECT

OPTIONS = ModelOptions(device="cpu", threads=1)


@pytest.fixture(scope="module")
def crops():
    return np.random.default_rng(3).integers(0, 256, (5, SIDE, SIDE, 3), np.uint8)


def load(path):
    return CardNetwork(Card.read(path), "cpu", 1)


def refusal(path) -> str:
    with pytest.raises(BadSetting) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    return str(caught.value)


def test_a_card_is_a_face_model(tmp_path, crops):
    path = write_card(tmp_path, small_network())
    kind = resolve_model(str(path))
    model = kind.load(OPTIONS)
    assert isinstance(model, FaceModel)
    assert model.info == kind.describe(OPTIONS)
    assert (model.info.name, model.info.dimension) == ("small", DIMENSION)
    assert find_crop_shape(kind) == find_crop_shape(model)
    assert isinstance(find_crop_shape(kind), PointsCrop)
    vectors = model.embed(crops)
    assert (vectors.shape, vectors.dtype) == ((5, DIMENSION), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors, model.embed(crops[:, :, ::-1]), atol=1e-5), "mirrored"


def test_what_the_card_says_of_pixels_is_what_the_network_gets(tmp_path, crops):
    means = crops.reshape(5, 4, 28, 4, 28, 3).mean(axis=(2, 4))
    turn = np.random.default_rng(5).standard_normal((48, DIMENSION))
    for number, (channels, mean, scale) in enumerate(
        (("RGB", 127.5, 127.5), ("BGR", [104.0, 117.0, 123.0], 1.0), ("RGB", 0.0, [1.0, 2.0, 3.0]))
    ):
        said = {"size": SIDE, "channels": channels, "mean": mean, "scale": scale}
        path = write_card(tmp_path / str(number), small_network(), input=said, mirror=False)
        seen = means if channels == "RGB" else means[..., ::-1]
        scaled = ((seen - mean) / scale).transpose(0, 3, 1, 2).reshape(5, -1) @ turn
        wanted = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
        assert np.allclose(load(path).embed(crops), wanted, atol=1e-4)


def test_every_word_about_pixels_makes_another_model(tmp_path):
    same = {"size": SIDE, "channels": "RGB", "mean": 127.5, "scale": 127.5}
    cards = [
        write_card(tmp_path / str(number), small_network(), **changes)
        for number, changes in enumerate(
            (
                {},
                {"mirror": False},
                {"input": same | {"channels": "BGR"}},
                {"input": same | {"mean": 127.4}},
                {"input": same | {"scale": 128}},
                {"crop": {"margin": 14}},
                {"crop": {"margin": 16}},
            )
        )
    ]
    assert len({Card.read(path).info for path in cards}) == len(cards)
    assert Card.read(cards[-1]).shape == BoxCrop(SIDE, 16)
    told_otherwise = write_card(tmp_path / "x", small_network(), licence="other words")
    assert Card.read(told_otherwise).info == Card.read(cards[0]).info


def test_the_sum_is_checked_before_the_file_is_parsed(tmp_path, monkeypatch):
    path = write_card(tmp_path, small_network())
    (tmp_path / "network.onnx").write_bytes(b"something else")
    monkeypatch.setattr(module, "check_graph", lambda data: pytest.fail("it was parsed"))
    assert "has SHA-256" in refusal(path)
    with pytest.raises(WeightsError, match="the card says"):
        resolve_model(str(path)).describe(OPTIONS)
    (tmp_path / "network.onnx").unlink()
    assert "cannot read" in refusal(path)
    (tmp_path / "network.onnx").mkdir()
    assert "is no file" in refusal(path)


# --- Files that are not what they should be ------------------------------------------------------


def external(location):
    model = small_network()
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=location)
    return model


def in_a_branch(tensor):
    """The tensor as a constant in a branch of an If, where nobody looks."""
    given = helper.make_tensor_value_info("c", tensor.data_type, None)
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=tensor)], "b", [], [given]
    )
    condition = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    choice = helper.make_node("If", ["yes"], ["chosen"], then_branch=branch, else_branch=branch)
    return small_network(nodes=[choice], weights=[condition])


def claiming(dims):
    tensor = helper.make_tensor("big", TensorProto.FLOAT, [1], [0.0])
    del tensor.dims[:]
    tensor.dims.extend(dims)
    return tensor


def hidden_external():
    tensor = helper.make_tensor("t", TensorProto.FLOAT, [1], [0.0])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return in_a_branch(tensor)


def growing():
    """4 GB of zeros out of a few bytes."""
    shape = helper.make_tensor("shape", TensorProto.INT64, [1], [1 << 30])
    zeros = helper.make_node("ConstantOfShape", ["shape"], ["zeros"])
    total = helper.make_node("ReduceSum", ["zeros"], ["total"], keepdims=0)
    model = small_network(nodes=[zeros, total], weights=[shape])
    model.graph.node[2].output[0] = "before"
    model.graph.node.append(helper.make_node("Add", ["before", "total"], ["vectors"]))
    return model


def with_two_inputs():
    model = small_network()
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    return model


FAULTS = {
    "no model": (b"<html>not found</html>", "no ONNX model"),
    "empty": (b"", "no ONNX model"),
    "cut short": (small_network().SerializeToString()[:-300], "no ONNX model|refuses"),
    "operators of its own": (
        small_network(nodes=[helper.make_node("Magic", ["flat"], ["x"], domain="evil.example")]),
        "operators of its own .evil.example",
    ),
    "an operator that is none": (
        small_network(nodes=[helper.make_node("Magic", ["flat"], ["x"])]),
        "ONNX Runtime refuses",
    ),
    "weights elsewhere": (external("weights.bin"), "weights in other files"),
    "weights outside": (external("../../../etc/passwd"), "weights in other files"),
    "weights elsewhere, hidden": (hidden_external(), "weights in other files"),
    "4 GB of weights claimed": (small_network(weights=[claiming([1 << 30])]), "claims 1,0"),
    "claimed in a branch": (in_a_branch(claiming([1 << 20, 1 << 20])), "claims 2,1"),
    "less than no weights": (small_network(weights=[claiming([-5])]), "claims"),
    "4 GB of zeros": (growing(), "refuses|fails|more than"),
    "two outputs": (small_network(outputs=("a", "b")), "the outputs a, b: name"),
    "two inputs": (with_two_inputs(), "2 inputs"),
    "of another size": (small_network(shape=("n", 3, 113, 113)), r"takes \['n', 3, 113, 113\]"),
    "batches of seven": (small_network(shape=(7, 3, SIDE, SIDE)), "takes"),
    "not finite": (small_network(scale=float("nan")), "no finite vectors"),
    "too large": (small_network(scale=3e37), "no finite vectors"),
    "all the same": (small_network(scale=0.0), "no finite vectors"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_with_a_fault_is_refused_in_one_line(tmp_path, fault):
    model, told = FAULTS[fault]
    before = resource.getrlimit(resource.RLIMIT_DATA)
    path = write_card(tmp_path, model)
    with pytest.raises(BadSetting, match=told):
        load(path)
    refusal(path)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dimension": 128}, "dimension of 128"),
        ({"output": "other"}, "the outputs vectors: name"),
        ({"input": {"size": 96, "channels": "RGB", "mean": 0, "scale": 1}}, "the card says"),
        (
            {"input": {"size": SIDE, "channels": "RGB", "mean": 0, "scale": 1, "layout": "NHWC"}},
            "NHWC",
        ),
        ({"selftest": "AAAAAA=="}, "no vector of 64"),
        ({"selftest": "?"}, "selftest is no vector"),
    ],
)
def test_a_file_that_does_not_fit_its_card(tmp_path, changes, told):
    assert told in refusal(write_card(tmp_path, small_network(), **changes))


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (small_network(kind=TensorProto.FLOAT16), {}),
        (small_network(shape=(1, 3, SIDE, SIDE)), {}),
        (small_network(shape=("n", 3, "h", "w")), {}),
        (small_network(outputs=("norm", "vectors")), {"output": "vectors"}),
    ],
    ids=["half precision", "one at a time", "dynamic shapes", "the named output of two"],
)
def test_what_can_be_handled_is(tmp_path, crops, model, changes):
    plain = load(write_card(tmp_path / "plain", small_network())).embed(crops)
    handled = load(write_card(tmp_path / "other", model, **changes)).embed(crops)
    assert (plain * handled).sum(axis=1).min() > 0.9999


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "name: Field required"),
        ("name = ", "no TOML"),
        ("\x00", "no TOML"),
        ("x = 1\n" * 30_000, "too long"),
    ],
)
def test_what_is_no_card(tmp_path, text, told):
    path = tmp_path / "model.toml"
    path.write_text(text)
    assert told in refusal(path)
    assert "FACE_MODEL" in refusal(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "ABC"},
        {"dimension": 0},
        {"dimension": 10**9},
        {"licence": ""},
        {"name": "a b\nc"},
        {"colour": "red"},
        {"crop": {}},
        {"crop": {"margin": 10, "points": [[1, 1]] * 5}},
        {"crop": {"points": [[1, 1]] * 5}},
        {"crop": {"points": [[1, 1]] * 4}},
        {"crop": {"margin": 112}},
        {"input": {"size": 100_000, "channels": "RGB", "mean": 0, "scale": 1}},
        {"input": {"size": 112, "channels": "GRB", "mean": 0, "scale": 1}},
        {"input": {"size": 112, "channels": "RGB", "mean": 0, "scale": 0}},
        {"input": {"size": 112, "channels": "RGB", "mean": "nan", "scale": 1}},
    ],
)
def test_a_card_says_only_what_can_be(tmp_path, changes):
    assert refusal(write_card(tmp_path, b"", **changes)).startswith("FACE_MODEL=")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_a_file_is_more_than_one_line(tmp_path, data):
    whole = bytearray(small_network().SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, min(len(whole), 700) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    path = write_card(tmp_path, bytes(whole))
    told = ""
    try:
        load(path)
    except EnrichError as error:
        told = str(error)
    assert "\n" not in told


# --- Running -------------------------------------------------------------------------------------


def test_a_stored_vector_is_held_to(tmp_path, capsys):
    path = write_card(tmp_path, small_network())
    assert main([str(path)]) == 0
    stored = capsys.readouterr().out.splitlines()[-1].split('"')[1]
    assert main([str(write_card(tmp_path, small_network(), selftest=stored))]) == 0
    swapped = {"size": SIDE, "channels": "BGR", "mean": 127.5, "scale": 127.5}
    assert main([str(write_card(tmp_path, small_network(), selftest=stored, input=swapped))]) == 2
    assert "channels or scaling differ" in capsys.readouterr().err


def test_a_face_without_a_vector_costs_its_photo_only(tmp_path, engine, portrait, encode):
    """A network that fails on bright faces only: neither a crash nor a vector."""
    limit = helper.make_tensor("limit", TensorProto.FLOAT, [], [0.35])
    nothing = helper.make_tensor("nothing", TensorProto.FLOAT, [], [float("nan")])
    nodes = [
        helper.make_node("ReduceMean", ["flat"], ["light"], axes=[1], keepdims=1),
        helper.make_node("Greater", ["light", "limit"], ["bright"]),
        helper.make_node("Where", ["bright", "nothing", "before"], ["vectors"]),
    ]
    model = small_network(nodes=nodes, weights=[limit, nothing])
    model.graph.node[2].output[0] = "before"
    path = write_card(tmp_path, model)
    looking = FaceEngine(replace(engine.options, model=str(path)))
    bright = portrait(3).point(lambda level: min(level + 130, 245))
    looking.options = looking.options.open_gates()
    good, bad = looking.look([encode(portrait(2), "JPEG"), encode(bright, "JPEG")])
    assert good.faces[0].vector.shape == (DIMENSION,)
    assert (bad.outcome, bad.faces) == (PhotoOutcome.FAILED, ())
    assert "no usable vector" in bad.detail


def test_devices(tmp_path, monkeypatch):
    available = [session.CPU]
    monkeypatch.setattr(session.onnxruntime, "get_available_providers", lambda: available)
    assert session.pick_providers("auto") == session.pick_providers("cpu") == [session.CPU]
    with pytest.raises(BadSetting, match="install onnxruntime-gpu"):
        session.pick_providers("cuda")
    available.append(session.CUDA)
    assert session.pick_providers("auto") == [session.CUDA, session.CPU]
    assert session.pick_providers("cpu") == [session.CPU]
    with (
        pytest.warns(UserWarning, match="CUDAExecutionProvider"),
        pytest.raises(BadSetting, match="fell back to the processor"),
    ):
        session.open_session(small_network().SerializeToString(), "cuda", 1)
    path = write_card(tmp_path, small_network())
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        assert CardNetwork(Card.read(path), "auto", 1).drawn.shape == (DIMENSION,), "goes without"


@pytest.mark.parametrize("path", sorted((PROJECT / "docs" / "models").glob("*.toml")), ids=str)
def test_the_cards_in_the_documentation(path):
    """Without weights: they say where these are to be put, and no more."""
    card = Card.read(path)
    assert card.name == path.stem
    assert isinstance(card.shape, PointsCrop)
    assert (
        f"[{card.name}]({path.name}) | {card.dimension} |"
        in (path.parent / "README.md").read_text()
    )
    assert "cannot read" in refusal(path)
