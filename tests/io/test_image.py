"""Pictures: what Pillow and our own encoder write is read to the bit, and what convstep writes Pillow reads."""

import pathlib
import struct
import zlib

import numpy as np
import pytest
from bridge import Bridge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

SETTINGS = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # per pixel, for each of PNG's colour types
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# The first row and column and the steps between them, for each pass of an interlaced picture.
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def load(bridge: Bridge, path: pathlib.Path) -> np.ndarray:
    """The picture as convstep reads it, without the batch axis."""
    copy = path.with_suffix(".npy")
    bridge.run("image", path, copy)
    image = np.load(copy)
    assert image.dtype == np.float32
    assert image.ndim == 4
    assert image.shape[0] == 1
    return image[0]


def levels(samples: np.ndarray, depth: int) -> np.ndarray:
    return samples.astype(np.float32) / np.float32(2**depth - 1)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


def assert_equal_to_pillow(bridge: Bridge, path: pathlib.Path, mode: str) -> None:
    """Pillow's pixels after conversion to an 8-bit mode."""
    with Image.open(path) as picture:
        expected = np.atleast_3d(np.asarray(picture.convert(mode)))
    np.testing.assert_array_equal(load(bridge, path), levels(expected, 8))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (31, 17)])
def test_png_by_pillow(bridge: Bridge, folder: pathlib.Path, mode: str, size: tuple[int, int]) -> None:
    pixels = noise(*size, len(mode))
    Image.fromarray(pixels.squeeze(-1) if mode == "L" else pixels, mode).save(folder / "x.png")
    np.testing.assert_array_equal(load(bridge, folder / "x.png"), levels(pixels, 8))


def test_bilevel_png_by_pillow(bridge: Bridge, folder: pathlib.Path) -> None:
    Image.fromarray(noise(13, 21) > 128).save(folder / "x.png")
    assert_equal_to_pillow(bridge, folder / "x.png", "L")


def test_16_bit_png_by_pillow(bridge: Bridge, folder: pathlib.Path) -> None:
    pixels = np.random.default_rng(7).integers(0, 65536, (11, 13), dtype=np.uint16)
    Image.fromarray(pixels).save(folder / "x.png")
    np.testing.assert_array_equal(load(bridge, folder / "x.png")[..., 0], levels(pixels, 16))


@pytest.mark.parametrize("colors", [2, 4, 16, 256])
def test_palette_by_pillow(bridge: Bridge, folder: pathlib.Path, colors: int) -> None:
    picture = Image.fromarray(noise(16, 17, 3)).quantize(colors)
    picture.save(folder / "x.png")
    assert_equal_to_pillow(bridge, folder / "x.png", "RGB")
    picture.save(folder / "x.png", transparency=1)
    assert_equal_to_pillow(bridge, folder / "x.png", "RGBA")
    picture.save(folder / "x.png", transparency=bytes(range(colors)))
    assert_equal_to_pillow(bridge, folder / "x.png", "RGBA")


def test_transparent_colour_by_pillow(bridge: Bridge, folder: pathlib.Path) -> None:
    pixels = noise(9, 9, 3)
    Image.fromarray(pixels).save(folder / "x.png", transparency=tuple(int(v) for v in pixels[4, 4]))
    assert_equal_to_pillow(bridge, folder / "x.png", "RGBA")
    Image.fromarray(pixels[..., 0]).save(folder / "x.png", transparency=int(pixels[4, 4, 0]))
    assert_equal_to_pillow(bridge, folder / "x.png", "LA")


def test_metadata_is_skipped(bridge: Bridge, folder: pathlib.Path) -> None:
    pixels = noise(8, 8, 3)
    Image.fromarray(pixels).save(folder / "x.png", dpi=(72, 72), icc_profile=bytes(range(200)), gamma=0.5)
    np.testing.assert_array_equal(load(bridge, folder / "x.png"), levels(pixels, 8))


def rows(samples: np.ndarray, depth: int) -> bytes:
    """Rows of samples (height, width, samples) packed to bits, each after the filter byte 0."""
    height = samples.shape[0]
    flat = samples.reshape(height, -1)
    bits = (flat[..., None] >> np.arange(depth - 1, -1, -1)) & 1
    packed = np.packbits(bits.reshape(height, -1).astype(np.uint8), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(samples: np.ndarray, depth: int, color: int, interlaced: bool, extra: bytes = b"") -> bytes:
    height, width = samples.shape[:2]
    passes = [samples[y::dy, x::dx] for y, x, dy, dx in ADAM7] if interlaced else [samples]
    raw = b"".join(rows(part, depth) for part in passes if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    data = zlib.compress(raw)
    half = len(data) // 2
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data[:half])
            + chunk(b"IDAT", data[half:]) + chunk(b"IEND", b""))


@st.composite
def pictures(draw: st.DrawFn) -> tuple[np.ndarray, int, int, bool, bool]:
    """Samples, depth, colour type, interlaced, with tRNS."""
    color = draw(st.sampled_from(sorted(SAMPLES)))
    depth = draw(st.sampled_from(DEPTHS[color]))
    shape = (draw(st.integers(1, 20)), draw(st.integers(1, 20)), SAMPLES[color])
    samples = draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 2**depth - 1)))
    return samples, depth, color, draw(st.booleans()), draw(st.booleans()) and color in (0, 2, 3)


def expected_image(samples: np.ndarray, depth: int, color: int, palette: np.ndarray, transparent: bool) -> np.ndarray:
    if color == 3:
        return levels(palette[samples[..., 0]], 8)[..., :4 if transparent else 3]
    image = levels(samples, depth)
    if not transparent:
        return image
    alpha = (samples != samples[0, 0]).any(axis=-1, keepdims=True)
    return np.concatenate([image, alpha.astype(np.float32)], axis=-1)


@SETTINGS
@given(picture=pictures())
def test_every_kind_of_png(bridge: Bridge, folder: pathlib.Path,
                           picture: tuple[np.ndarray, int, int, bool, bool]) -> None:
    samples, depth, color, interlaced, transparent = picture
    palette = noise(2**depth if color == 3 else 1, 4)
    extra = chunk(b"PLTE", palette[:, :3].tobytes()) if color == 3 else b""
    if transparent:
        key = palette[:, 3].tobytes() if color == 3 else samples[0, 0].astype(">u2").tobytes()
        extra += chunk(b"tRNS", key)
    (folder / "x.png").write_bytes(png(samples, depth, color, interlaced, extra))
    expected = expected_image(samples, depth, color, palette, transparent)
    np.testing.assert_array_equal(load(bridge, folder / "x.png"), expected)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_by_pillow(bridge: Bridge, folder: pathlib.Path, mode: str, subsampling: int, progressive: bool) -> None:
    Image.fromarray(noise(45, 67, 3)).resize((131, 90)).convert(mode).save(
        folder / "x.jpg", quality=90, subsampling=subsampling, progressive=progressive)
    assert_equal_to_pillow(bridge, folder / "x.jpg", mode)


def test_cmyk_jpeg_is_refused(bridge: Bridge, folder: pathlib.Path) -> None:
    Image.fromarray(noise(8, 8, 4), "CMYK").save(folder / "x.jpg")
    reply = bridge.ask("image", folder / "x.jpg", folder / "never.npy")
    assert "the colours of printing (CMYK); convert it to RGB" in reply


@pytest.mark.parametrize("kind", ["gif", "bmp", "tiff", "webp"])
def test_other_kinds_are_refused(bridge: Bridge, folder: pathlib.Path, kind: str) -> None:
    Image.fromarray(noise(8, 8)).save(folder / "x.png", kind)
    assert "neither a PNG nor a JPEG picture" in bridge.ask("image", folder / "x.png", folder / "n.npy")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pillow_reads_what_is_saved(bridge: Bridge, folder: pathlib.Path, channels: int) -> None:
    pixels = noise(23, 34, channels)
    np.save(folder / "in.npy", levels(pixels, 8)[None])
    bridge.run("png", folder / "in.npy", folder / "out.png")
    with Image.open(folder / "out.png") as picture:
        assert picture.mode == ["L", "LA", "RGB", "RGBA"][channels - 1]
        np.testing.assert_array_equal(np.atleast_3d(np.asarray(picture)), pixels)
    np.testing.assert_array_equal(load(bridge, folder / "out.png"), levels(pixels, 8))


def test_values_are_clamped_and_rounded(bridge: Bridge, folder: pathlib.Path) -> None:
    values = np.concatenate([np.linspace(-0.5, 1.5, 4001), [np.nan, np.inf, -np.inf]]).astype(np.float32)
    np.save(folder / "in.npy", values.reshape(1, 1, -1, 1))
    bridge.run("png", folder / "in.npy", folder / "out.png")
    expected = np.floor(np.clip(np.nan_to_num(values, posinf=1, neginf=0), 0, 1).astype(np.float64) * 255 + 0.5)
    with Image.open(folder / "out.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture)[0], expected)
