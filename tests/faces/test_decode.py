"""Every format of the wild decodes to the same upright RGB picture, or is refused by name."""

import io
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from enrichscrapy.faces import decode as decoding
from enrichscrapy.faces.decode import DecodeLimits, Picture, Undecodable, decode, sniff, to_rgb
from enrichscrapy.items import PhotoOutcome

LIMITS = DecodeLimits()
# 96x64, drawn: a disc of (200, 40, 40) at the left. Pillow cannot write HEIC.
HEIC = (Path(__file__).parent / "drawn.heic").read_bytes()


@pytest.fixture(scope="module")
def scene():
    """80x60, each corner of its own colour, so that turns and channels show."""
    image = Image.new("RGB", (80, 60), (200, 40, 40))
    image.paste((40, 200, 40), (40, 0, 80, 30))
    image.paste((40, 40, 200), (0, 30, 40, 60))
    image.paste((220, 220, 60), (40, 30, 80, 60))
    return image


def close(picture, expected, tolerance=12):
    assert isinstance(picture, Picture), picture
    assert picture.image.mode == "RGB"
    assert picture.image.size == expected.size
    difference = np.abs(np.asarray(picture.image, int) - np.asarray(expected, int))
    assert np.median(difference) <= tolerance
    return True


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_every_format(scene, encode, kind):
    assert sniff(encode(scene, kind)) == kind
    assert close(decode(encode(scene, kind), LIMITS), scene)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(scene, encode, kind, orientation):
    """A camera held in any way gives the upright picture and its upright size."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    held = scene.transpose(undo[orientation]) if orientation > 1 else scene
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encode(held, kind, exif=exif), LIMITS)
    assert close(picture, scene)
    assert (picture.width, picture.height) == (80, 60)


def test_broken_exif_is_no_reason_to_refuse(scene, encode):
    data = encode(scene, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff garbage")
    assert close(decode(data, LIMITS), scene)


def test_cmyk(scene, encode):
    assert close(decode(encode(scene.convert("CMYK"), "JPEG"), LIMITS), scene)


def test_grey_and_one_bit(scene, encode):
    grey = scene.convert("L")
    assert close(decode(encode(grey, "JPEG"), LIMITS), grey.convert("RGB"))
    assert close(
        decode(encode(scene.convert("1"), "PNG"), LIMITS), scene.convert("1").convert("RGB")
    )


def test_sixteen_bits_keep_their_shades(encode):
    """Pillow's own conversion would clip all but the darkest 1/256 to white."""
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(8, axis=0)
    picture = decode(encode(Image.fromarray(ramp), "PNG"), LIMITS)
    values = np.asarray(picture.image)[0, :, 0]
    assert np.array_equal(values, np.arange(256))


def test_palette(scene, encode):
    assert close(decode(encode(scene.quantize(8), "PNG"), LIMITS), scene)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_over_grey(mode, encode):
    clear = Image.new(mode, (8, 8), 0)
    assert decode(encode(clear, "PNG"), LIMITS).image.getpixel((0, 0)) == (128, 128, 128)


def test_transparent_palette_is_laid_over_grey(encode):
    image = Image.new("P", (8, 8), 3)
    image.putpalette([0, 0, 0] * 3 + [255, 0, 0])
    data = encode(image, "PNG", transparency=3)
    assert decode(data, LIMITS).image.getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "I", "F", "I;16", "LA", "PA", "CMYK", "YCbCr", "HSV"]
)
def test_every_mode_becomes_rgb(mode):
    assert to_rgb(Image.new(mode, (4, 4))).mode == "RGB"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(scene, encode, kind):
    data = encode(scene, kind, save_all=True, append_images=[Image.new("RGB", (80, 60))])
    assert close(decode(data, LIMITS), scene)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_cut_short(encode, kind):
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    data = encode(noise, kind)
    refused = decode(data[: len(data) // 2], LIMITS)
    assert isinstance(refused, Undecodable)
    assert refused.outcome is PhotoOutcome.UNREADABLE
    assert kind in refused.detail


def test_heic_as_phones_write_it():
    assert sniff(HEIC) == "HEIF"
    picture = decode(HEIC, LIMITS)
    assert (picture.width, picture.height, picture.image.mode) == (96, 64, "RGB")
    assert np.abs(np.array(picture.image.getpixel((30, 30))) - (200, 40, 40)).max() < 12
    refused = decode(HEIC[: len(HEIC) // 2], LIMITS)
    assert refused.outcome is PhotoOutcome.UNREADABLE
    assert decode(HEIC, DecodeLimits(max_pixels=96)).outcome is PhotoOutcome.TOO_LARGE


def test_heic_without_the_library_is_named(monkeypatch):
    monkeypatch.setattr(decoding, "_can_read_heif", lambda: False)
    assert "HEIC" in decode(HEIC, LIMITS).detail
    assert sniff(HEIC) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff",
        b"<html>not found</html>",
        b"BM" + bytes(60),
        b"II*\0" + bytes(60),
        b"%PDF-1.4",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0\0\0\x18ftypheic" + bytes(40),
    ],
)
def test_what_is_no_photo(data):
    assert decode(data, LIMITS).outcome is PhotoOutcome.UNREADABLE


def test_name_or_type_do_not_matter(scene, encode):
    """A PNG is a PNG even when the site calls it a JPEG: only bytes are asked."""
    assert sniff(encode(scene, "PNG")) == "PNG"


def test_too_many_bytes(scene, encode):
    refused = decode(encode(scene, "PNG"), DecodeLimits(max_bytes=50))
    assert refused.outcome is PhotoOutcome.TOO_LARGE


def png_header(width, height):
    """A PNG that claims a size, with no pixels to show for it."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(7072, 7071), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_bomb_is_refused_by_its_header(size):
    refused = decode(png_header(*size), LIMITS)
    assert refused.outcome is PhotoOutcome.TOO_LARGE


def test_limit_itself_passes(scene, encode):
    assert isinstance(decode(encode(scene, "PNG"), DecodeLimits(max_pixels=4800)), Picture)
    refused = decode(encode(scene, "PNG"), DecodeLimits(max_pixels=4799))
    assert (refused.width, refused.height) == (80, 60)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_photos_come_reduced(encode, kind):
    big = Image.new("RGB", (1200, 900), (90, 120, 60))
    picture = decode(encode(big, kind), DecodeLimits(work_side=300))
    assert picture.image.size == (300, 225)
    assert (picture.width, picture.height) == (1200, 900)
    assert picture.scale == 0.25


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(("scale", "side"), [(0.5, 600), (0.3, 600), (1.0, 1200)])
def test_more_detail_on_demand(encode, kind, scale, side):
    big = Image.new("RGB", (1200, 900), (90, 120, 60))
    picture = decode(encode(big, kind), DecodeLimits(work_side=300), scale=scale)
    assert picture.image.width == side


def test_reduced_and_turned(encode):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encode(Image.new("RGB", (1200, 900)), "JPEG", exif=exif)
    picture = decode(data, DecodeLimits(work_side=300))
    assert (picture.width, picture.height) == (900, 1200)
    assert picture.image.size == (225, 300)


def seeds():
    """Small files of every format to mutate."""
    image = Image.effect_noise((24, 18), 60).convert("RGB")
    files = []
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF"):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        files.append(buffer.getvalue())
    return [*files, HEIC]


SEEDS = seeds()


@settings(max_examples=300)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
    st.floats(0, 1),
    st.binary(max_size=8),
)
def test_mutated_files_never_raise(data, changes, keep, tail):
    mutated = bytearray(data)
    for where, value in changes:
        mutated[int(where * (len(mutated) - 1))] = value
    kept = bytes(mutated[: max(int(keep * len(mutated)), 1)]) + tail
    result = decode(kept, DecodeLimits(max_pixels=1_000_000))
    if isinstance(result, Picture):
        assert result.image.mode == "RGB"
        result.image.load()
    else:
        assert result.outcome in (PhotoOutcome.UNREADABLE, PhotoOutcome.TOO_LARGE)
        assert "\n" not in result.detail


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([b"", *(data[:12] for data in SEEDS)]))
def test_arbitrary_bytes_never_raise(body, magic):
    assert isinstance(decode(magic + body, LIMITS), Picture | Undecodable)


def test_spliced_files_never_raise():
    lot = random.Random(5)
    for _ in range(200):
        a, b = lot.sample(SEEDS, 2)
        spliced = a[: lot.randrange(len(a))] + b[lot.randrange(len(b)) :]
        assert isinstance(decode(spliced, LIMITS), Picture | Undecodable)


def test_a_jpeg_of_many_scans_is_not_decoded(portrait, encode, monkeypatch):
    """Each scan is work on the whole picture: thousands of empty ones fit into a small file."""
    progressive = encode(portrait(), "JPEG", progressive=True)
    assert isinstance(decode(progressive, LIMITS), Picture)
    last = progressive.rindex(b"\xff\xda")
    bomb = progressive[:last] + progressive[last:-2] * 200 + progressive[-2:]
    monkeypatch.setattr(Image, "open", None)  # it is not even opened
    found = decode(bomb, LIMITS)
    assert found.outcome is PhotoOutcome.TOO_LARGE
    assert "scans" in found.detail


@pytest.mark.parametrize("error", [struct.error("bad"), LookupError("x"), RecursionError()])
def test_whatever_a_decoder_raises_is_an_unreadable_photo(portrait, encode, monkeypatch, error):
    def broken(*_args, **_more):
        raise error

    monkeypatch.setattr(Image, "open", broken)
    assert decode(encode(portrait(), "JPEG"), LIMITS).outcome is PhotoOutcome.UNREADABLE
