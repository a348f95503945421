"""What convstep.draw asks of its arguments, and where its window lies."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from convstep._convert import convert
from convstep._hints import shown

if TYPE_CHECKING:
    from convstep._types import Padding, Size

Plane = npt.NDArray[np.float64]
Pair = tuple[int, int]

VOLUME_SHAPES = "(H, W), (H, W, C) or (N, H, W, C)"


def to_reals(argument: str, value: npt.ArrayLike, shapes: str, ranks: Sequence[int]) -> Plane:
    """An array of floats with one of the ranks, and no axis of length 0."""
    array = convert(value, argument)
    if array.ndim not in ranks:
        raise ValueError(f"{argument}: got shape {array.shape}, expected {shapes}")
    if array.size == 0:
        raise ValueError(f"{argument}: got shape {array.shape}, expected no axis of length 0")
    return np.asarray(array, np.float64)


def to_channels(argument: str, value: npt.ArrayLike, image: int) -> list[Plane]:
    """The planes of one image."""
    images = to_reals(argument, value, VOLUME_SHAPES, ranks=(2, 3, 4))
    if images.ndim == 2:
        images = images[:, :, np.newaxis]
    if images.ndim == 3:
        images = images[np.newaxis]
    chosen = images[to_integer("image", image, 0, len(images))]
    return [chosen[:, :, c] for c in range(chosen.shape[2])]


def to_titles(titles: Sequence[str] | None, default: list[str], meaning: str) -> list[str]:
    """As many titles as there are default ones."""
    if titles is None:
        return default
    if isinstance(titles, str):
        raise TypeError(f"titles: got {shown(titles)}, expected a sequence of strings, {meaning}")
    names = list(titles)
    if len(names) != len(default):
        raise ValueError(f"titles: got {len(names)}, expected {len(default)}, {meaning}")
    return names


def to_integer(argument: str, value: Any, least: int, end: int | None = None) -> int:
    """A number from `least` on, and below `end`."""
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{argument}: got {shown(value)}, expected an integer")
    if number < least or (end is not None and number >= end):
        expected = f"{least} or more" if end is None else f"{least} to {end - 1}"
        raise ValueError(f"{argument}: got {number}, expected {expected}")
    return number


def to_pair(argument: str, value: object, least: int) -> Pair:
    """One number for both, or two."""
    if isinstance(value, np.ndarray) and value.shape == (2,):
        value = value.tolist()
    if not isinstance(value, (tuple, list)):
        number = to_integer(argument, value, least)
        return number, number
    if len(value) != 2:
        raise TypeError(f"{argument}: got {shown(value)}, expected an integer or a pair")
    return to_integer(argument, value[0], least), to_integer(argument, value[1], least)


class Range(NamedTuple):
    """The values between which a picture's colours run, and whether some lie beyond."""

    low: float
    high: float
    has_lower: bool = False
    has_higher: bool = False

    @property
    def extend(self) -> str:
        """What a colour bar calls the ends at which values lie beyond."""
        return {(False, False): "neither", (True, False): "min", (False, True): "max"}.get(
            (self.has_lower, self.has_higher), "both"
        )

    def about_zero(self) -> Range:
        bound = max(-self.low, self.high) or 1.0  # filters that are all zero have a range, too
        return Range(-bound, bound, self.has_lower, self.has_higher)


FEWEST_WITH_OUTLIERS = 30  # more than a filter of 5x5, whose middle may well stand out


def range_of(values: Plane) -> Range:
    """From the smallest finite value to the largest, outliers apart; 0 and 1 where there is none.

    Outliers are the outermost 0.5% at an end, and at least one value, where they reach further beyond the others than
    half of the others' range. Fewer than FEWEST_WITH_OUTLIERS values have none.
    """
    finite = np.sort(values[np.isfinite(values)], axis=None)
    if not finite.size:
        return Range(0.0, 1.0)
    low, high = float(finite[0]), float(finite[-1])
    if finite.size < FEWEST_WITH_OUTLIERS:
        return Range(low, high)
    outer = max(finite.size // 200, 1)
    inner_low, inner_high = float(finite[outer]), float(finite[-1 - outer])
    near = inner_high / 2 - inner_low / 2  # 0 where nearly all are one value: what differs is all there is to see
    has_lower = 0 < near < inner_low - low
    has_higher = 0 < near < high - inner_high
    return Range(inner_low if has_lower else low, inner_high if has_higher else high, has_lower, has_higher)


class WindowAxis(NamedTuple):
    """Where a window lies along one axis of the padded input."""

    before: int  # padding
    after: int
    padded: int  # the length of the padded axis
    size: int
    dilation: int
    output: int  # how many positions the window can take, less than 1 where it does not fit
    start: int

    @property
    def reach(self) -> int:
        """The number of elements from the first that the window reads to the last, both included."""
        return self.dilation * (self.size - 1) + 1

    def in_input(self, index: int) -> bool:
        """Whether an element of the padded axis is not padding."""
        return self.before <= index < self.padded - self.after

    def slice_text(self) -> str:
        """The elements that the window reads, as NumPy writes slices."""
        step = "" if self.dilation == 1 else f":{self.dilation}"
        return f"{self.start}:{self.start + self.reach}{step}"


def to_window(
    shape: tuple[int, ...], kernel_size: Size, stride: Size, padding: Padding, dilation: Size, position: Pair
) -> tuple[WindowAxis, WindowAxis]:
    """The window of the output element at `position`, along height and width."""
    sizes = to_pair("kernel_size", kernel_size, 1)
    strides = to_pair("stride", stride, 1)
    dilations = to_pair("dilation", dilation, 1)
    if not isinstance(position, (tuple, list)):
        raise TypeError(f"position: got {shown(position)}, expected (row, column)")
    places = to_pair("position", position, 0)
    sides = _explicit_padding(padding)
    axes = []
    for axis in range(2):
        length, size, step, spread = shape[axis], sizes[axis], strides[axis], dilations[axis]
        reach = spread * (size - 1) + 1
        before, after = sides[axis] if sides else _same_padding(length, reach, step, upper=padding != "same_lower")
        padded = before + length + after
        axes.append(WindowAxis(before, after, padded, size, spread, (padded - reach) // step + 1, places[axis] * step))
    height, width = axes
    if height.output < 1 or width.output < 1:
        raise ValueError(
            f"kernel_size: got {sizes}, expected a window that fits into the padded input "
            f"(it reaches over {(height.reach, width.reach)}, the padded input is {(height.padded, width.padded)})"
        )
    if places[0] >= height.output or places[1] >= width.output:
        raise ValueError(
            f"position: got {places}, expected a position in the output, whose shape is {(height.output, width.output)}"
        )
    return height, width


def _explicit_padding(padding: object) -> tuple[Pair, Pair] | None:
    """((top, bottom), (left, right)), or None for the SAME rules."""
    if isinstance(padding, str):
        if padding in ("same", "same_upper", "same_lower"):
            return None
        if padding != "valid":
            raise ValueError(f'padding: got "{padding}", expected "valid", "same", "same_upper" or "same_lower"')
        return (0, 0), (0, 0)
    rows, columns = padding if isinstance(padding, (tuple, list)) and len(padding) == 2 else (padding, padding)
    return to_pair("padding", rows, 0), to_pair("padding", columns, 0)


def _same_padding(length: int, reach: int, stride: int, *, upper: bool) -> Pair:
    """Just enough padding for ceil(length / stride) positions."""
    total = max((length - 1) // stride * stride + reach - length, 0)
    less, more = total // 2, total - total // 2
    return (less, more) if upper else (more, less)
