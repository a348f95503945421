"""What a network is given, as its compiled half takes it: arrays in the order of the axes of the library, and shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from convstep._convert import convert, convert_indices
from convstep._types import Array, Layout

CHANNELS_FIRST, CHANNELS_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def in_order(
    inputs: tuple[ArrayLike | Mapping[str, ArrayLike], ...], names: Sequence[str]
) -> Sequence[ArrayLike]:
    """An array for each of these names, of what was given: arrays in their order, or a mapping."""
    if len(inputs) == 1 and isinstance(inputs[0], Mapping):
        given = inputs[0]
        if set(given) != set(names):
            raise ValueError(f"inputs: got {', '.join(map(str, given)) or 'none'}, expected {', '.join(names)}")
        return [given[name] for name in names]
    if len(inputs) != len(names):
        raise ValueError(f"inputs: got {len(inputs)}, expected {len(names)}: {', '.join(names)}")
    return inputs  # type: ignore[return-value]


def converted(array: ArrayLike, info: tuple[str, tuple[int, ...], bool], dtype: str, layout: Layout) -> Array:
    """For the input with this name, shape (-1: free), and whether it is of integers."""
    name, shape, is_integer = info
    if is_integer and getattr(array, "dtype", None) == np.bool_:
        array = np.asarray(array).astype(np.int64)  # truth values, as the library has them
    read = convert_indices(array, name) if is_integer else to_real(array, name, dtype)
    if len(shape) == 4 and read.ndim == 3:
        raise ValueError(f"{name}: got {read.shape}, expected {shape_text(free_shape(shape))} (for one image: {name}[None])")
    return with_axes(read, layout, CHANNELS_LAST)


def type_of(dtype: Any) -> type[np.generic]:
    return np.float32 if np.dtype(dtype) == np.float32 else np.float64


def to_real(array: ArrayLike, argument: str, dtype: str) -> Array:
    return np.require(convert(array, argument), type_of(dtype), "A")


def to_shape(argument: str, shape: Any) -> tuple[int, ...]:
    try:
        return tuple(int(length.__index__()) for length in shape)
    except (AttributeError, TypeError):
        raise TypeError(f"{argument}: got {shape!r}, expected a tuple of integers") from None


def free_shape(shape: Sequence[int]) -> tuple[int | None, ...]:
    return tuple(None if length < 0 else length for length in shape)


def is_as_declared(shape: Sequence[int], declared: Sequence[int]) -> bool:
    return all(length < 0 or length == n for n, length in zip(shape, declared, strict=True))


def check_images(argument: str, images: Array, declared: Sequence[int], layout: Layout = "NHWC") -> None:
    """`images` in the order (N, H, W, C), as `declared` is (-1: free); `layout` is the caller's."""
    if images.ndim != 4 or len(declared) != 4 or is_as_declared(images.shape, declared):
        return
    given, expected = images.shape, free_shape(declared)
    other_layout, turned = "NCHW", tuple(given[axis] for axis in CHANNELS_LAST)
    if layout == "NCHW":
        given, expected = (tuple(lengths[axis] for axis in CHANNELS_FIRST) for lengths in (given, expected))
        other_layout, turned = "NHWC", given
    hint = f" (it looks like {other_layout})" if is_as_declared(turned, declared) else ""
    if is_as_declared(images.shape[1:], declared[1:]):
        hint = f" (the file fixes N: give it {declared[0]} at a time, or export it with a free batch)"
    raise ValueError(f"{argument}: got {given}, expected {shape_text(expected)}{hint}")


def shape_text(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"


def with_axes(array: Array, layout: Layout, axes: tuple[int, ...]) -> Array:
    """In this order of axes, if it is of images and the caller has channels first."""
    return array.transpose(axes) if layout == "NCHW" and array.ndim == 4 else array
