"""What trained networks are given in the tests."""

import numpy as np
import skimage.data
from PIL import Image, ImageDraw


def photographs() -> list[np.ndarray]:
    return [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]


TEXTS = ("Convolution 1989", "step by step", "NCHW or NHWC?", "12 apples, 3 pears")


def with_text(picture: Image.Image, text: str, y: int) -> Image.Image:
    ImageDraw.Draw(picture).text((10, y), text, fill=(255, 255, 255), font_size=30, stroke_width=2, stroke_fill=(0, 0, 0))
    return picture


def photographs_with_text() -> list[np.ndarray]:
    return [np.asarray(with_text(Image.fromarray(photograph), text, 80))
            for photograph, text in zip(photographs(), TEXTS, strict=True)]


def lines_of_text() -> list[np.ndarray]:
    """Texts, drawn on a part of a photograph."""
    return [np.asarray(with_text(Image.fromarray(photograph).crop((40, 60, 360, 108)), text, 8))
            for photograph, text in zip(photographs(), TEXTS, strict=True)]


def as_input(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """(1, 3, H, W), values from -1 to 1, as these models take it."""
    resized = np.asarray(Image.fromarray(picture).resize((width, height), Image.BILINEAR), np.float32)
    return np.ascontiguousarray((resized / 127.5 - 1).transpose(2, 0, 1)[None])
