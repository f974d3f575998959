"""Rubbish of all kinds: each gets an answer or a clear message, soon, and never anything else.

A short form runs with the ordinary tests; `pytest -m endurance` tries hundreds. How long each takes, and how much
memory, is measured by `benchmarks/bad_input.py`.
"""

import io
import json
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from dropout_mnist.checkpoint import Checkpoint, CheckpointError
from dropout_mnist.config import TrainConfig
from dropout_mnist.preprocessing.drawing import read_strokes
from dropout_mnist.preprocessing.fabricjs import Stroke, StrokeError, read_path
from dropout_mnist.preprocessing.picture import PictureError, open_picture, read_picture
from dropout_mnist.ui.playground import settings as page_settings

# Pillow warns of what it mends.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")


def digit_picture(size: tuple[int, int] = (120, 160), mode: str = "L") -> Image.Image:
    image = Image.new("L", size, 235)
    ImageDraw.Draw(image).line((size[0] * 0.55, size[1] * 0.15, size[0] * 0.45, size[1] * 0.85), fill=15, width=12)
    return image.convert(mode)


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def odd_pictures() -> Iterator[tuple[str, bytes]]:
    """Yield one of each kind of picture, or of what is none, that is not as it should be."""
    frames = [digit_picture(), Image.new("L", (120, 160), 235)]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("digit.png", encoded(digit_picture(), "PNG"))
    yield "nothing", b""
    yield "one byte", b"\x89"
    yield "one pixel", encoded(Image.new("L", (1, 1)), "PNG")
    yield "one row", encoded(Image.new("L", (400, 1), 200), "PNG")
    yield "all black", encoded(Image.new("L", (90, 90)), "PNG")
    yield "400 megapixels that are not there", png_that_claims(20_000, 20_000)
    yield "40 gigapixels that are not there", png_that_claims(200_000, 200_000)
    yield "no width", png_that_claims(0, 5)
    yield "400 megapixels that are there", encoded(Image.new("1", (20_000, 20_000)), "PNG")
    yield "25 megapixels", encoded(digit_picture((5_000, 5_000)), "PNG")
    yield "animated GIF", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "animated WebP", encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "animated PNG", encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    yield "many pages", encoded(frames[0], "TIFF", save_all=True, append_images=frames * 20)
    yield "16 bits", encoded(Image.fromarray(np.asarray(digit_picture(), np.uint16) * 257), "PNG")
    yield "32 bits", encoded(Image.fromarray(np.asarray(digit_picture(), np.int32) * 2**20), "TIFF")
    yield "CMYK", encoded(digit_picture(mode="CMYK"), "JPEG")
    yield "palette", encoded(digit_picture(mode="P"), "GIF")
    yield "one bit", encoded(digit_picture(mode="1"), "PNG")
    yield "transparent", encoded(Image.new("RGBA", (80, 80)), "PNG")
    yield "floats", encoded(Image.fromarray(np.asarray(digit_picture(), np.float32) * 1e30), "TIFF")
    yield "not a number", encoded(Image.fromarray(np.full((50, 50), np.nan, np.float32)), "TIFF")
    yield "infinite", encoded(Image.fromarray(np.full((50, 50), np.inf, np.float32)), "TIFF")
    yield "SVG", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><rect width="9" height="9"/></svg>'
    yield "HTML", b"<!doctype html><script>alert(1)</script>"
    yield "zip", archive.getvalue()
    yield "PDF", b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj"
    yield "pickle", pickle.dumps({"digit": 3})
    yield "20 MB of nothing", bytes(20 * 2**20)
    yield "a comment of 10 MB", encoded(digit_picture(), "JPEG", comment=b"x" * 60_000) + bytes(10 * 2**20)


def mutated(data: bytes, source: random.Random) -> bytes:
    """Return a file cut short, or with some bytes changed, doubled or taken out."""
    choice = source.random()
    if choice < 0.3:
        return data[: source.randrange(len(data))]
    changed = bytearray(data)
    for _ in range(source.choice((1, 3, 30))):
        place = source.randrange(len(changed))
        if choice < 0.8:
            changed[place] = source.randrange(256)
        elif choice < 0.9:
            del changed[place : place + source.randrange(1, 20)]
        else:
            changed[place:place] = changed[place : place + 20]
    return bytes(changed)


def mutated_pictures() -> Iterator[tuple[str, bytes]]:
    source = random.Random(0)
    originals = {name: encoded(digit_picture(mode="RGB"), name) for name in FORMATS}
    while True:
        for name, data in originals.items():
            yield name, mutated(data, source)


def check_picture(data: bytes) -> str:
    """Return what becomes of an upload: "answered", or the message."""
    try:
        pixels = read_picture(open_picture(data))
    except PictureError as error:
        return str(error)
    assert (pixels.shape, pixels.dtype) == ((28, 28), np.uint8)
    return "answered"


@pytest.mark.parametrize(("kind", "data"), [pytest.param(*case, id=case[0]) for case in odd_pictures()])
def test_odd_picture_is_answered_or_explained(kind: str, data: bytes) -> None:
    outcome = check_picture(data)
    assert outcome == "answered" or outcome.endswith(".")
    if kind in ("animated GIF", "animated WebP", "animated PNG", "many pages", "16 bits", "CMYK", "palette", "one bit"):
        assert outcome == "answered"
    if kind in ("nothing", "SVG", "HTML", "zip", "PDF", "pickle"):
        assert "This is not a picture" in outcome


@pytest.mark.parametrize("count", [60, pytest.param(600, marks=pytest.mark.endurance)])
def test_damaged_pictures_are_answered_or_explained(count: int) -> None:
    outcomes = [check_picture(data) for _, data in islice(mutated_pictures(), count)]
    assert all(outcome == "answered" or outcome.endswith(".") for outcome in outcomes)
    # The mutations do both: some spoil the file, some do not matter.
    assert 0.1 < sum(outcome == "answered" for outcome in outcomes) / count < 0.9


def with_header(data: bytes, change: Any) -> bytes:
    """Return a safetensors file whose header was changed as a dictionary."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def odd_checkpoints(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield crafted files, made of a real one."""
    names = [name for name in json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]) if name != "__metadata__"]
    first, second = names[:2]
    yield "a header of terabytes", (2**42).to_bytes(8, "little") + data[8:]
    yield "a header of nothing", bytes(8) + data[8:]
    yield "terabytes of weights", with_header(data, lambda header: header[first].update(shape=[2**21, 2**21]))
    yield "negative shapes", with_header(data, lambda header: header[first].update(shape=[-1, 5]))
    yield (
        "overlapping",
        with_header(data, lambda header: header[first].update(data_offsets=header[second]["data_offsets"])),
    )
    yield "backwards", with_header(data, lambda header: header[first]["data_offsets"].reverse())
    yield "of another type", with_header(data, lambda header: header[first].update(dtype="F64"))
    yield "of no type", with_header(data, lambda header: header[first].update(dtype="F9"))
    yield "one missing", with_header(data, lambda header: header.pop(first))
    yield "no metadata", with_header(data, lambda header: header.pop("__metadata__"))
    for text in ("[" * 100_000, "{}", "null", "1e999", '{"format": 1}', '{"format": 1, "config": {"epochs": 1e9}}'):
        yield (
            f"metadata {text[:20]}",
            with_header(data, lambda header, text=text: header["__metadata__"].update(dropout_mnist=text)),
        )
    yield "pickle", pickle.dumps({"weights": [1.0]})
    yield "zip", b"PK\x03\x04" + data


def check_checkpoint(data: bytes) -> str:
    """Return what becomes of an uploaded checkpoint: "read", or the message."""
    try:
        Checkpoint.from_bytes(data, "upload.safetensors")
    except CheckpointError as error:
        return str(error)
    return "read"


def test_crafted_checkpoints_are_refused_with_a_reason(checkpoint: Checkpoint) -> None:
    outcomes = {kind: check_checkpoint(data) for kind, data in odd_checkpoints(checkpoint.to_bytes())}
    assert all(outcome.startswith("upload.safetensors ") for outcome in outcomes.values())


@pytest.mark.parametrize("count", [60, pytest.param(600, marks=pytest.mark.endurance)])
def test_damaged_checkpoints_are_read_or_refused(checkpoint: Checkpoint, count: int) -> None:
    data, source = checkpoint.to_bytes(), random.Random(0)
    outcomes = [check_checkpoint(mutated(data, source)) for _ in range(count)]
    assert all(outcome == "read" or outcome.startswith("upload.safetensors ") for outcome in outcomes)
    assert any(outcome != "read" for outcome in outcomes)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(sorted(TrainConfig().to_dict()))


@settings(deadline=None)
@given(st.dictionaries(FIELDS | st.text(max_size=8), JSON, max_size=5))
def test_any_config_is_taken_as_it_is_or_refused(values: dict[str, Any]) -> None:
    try:
        config = TrainConfig.from_dict(values)
    except ValueError:
        return
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert not set(config.name) & set('/\\:*?"<>| ')
    assert len(config.name) < 200


@settings(deadline=None)
@given(st.dictionaries(FIELDS | st.text(max_size=12), st.text(max_size=30), max_size=5))
def test_any_address_is_taken_or_explained(parameters: dict[str, str]) -> None:
    reasons = page_settings.find_invalid(parameters)
    assert set(reasons) <= set(parameters)
    assert all(reasons.values())


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"type": st.just("Path"), "path": JSON, "strokeWidth": JSON}))
def test_anything_on_the_canvas_is_a_stroke_or_none(thing: Any) -> None:
    try:
        stroke = read_path(thing)
    except StrokeError:
        return
    assert np.isfinite(stroke.points).all()


COORDINATE = st.floats(-1e6, 1e6)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=8), st.floats(1, 100)), max_size=4
    )
)
def test_any_strokes_are_read(lines: list[tuple[list[tuple[float, float]], float]]) -> None:
    pixels = read_strokes([Stroke(np.array(points), width) for points, width in lines])
    assert (pixels is None) == (not lines)
    if pixels is not None:
        assert (pixels.shape, pixels.dtype) == ((28, 28), np.uint8)
        assert pixels.any()
