"""Pictures of arrays, filters and windows, for learners.

Needs matplotlib, which is an extra: ``pip install 'convstep[draw]'``. Every function returns a matplotlib ``Figure``
and leaves pyplot alone: a notebook shows it where it is the last line of a cell, ``figure.savefig("picture.png")``
saves it, and nothing else happens by itself.

Arrays are channels-last. The pictures of a figure have one range of values, from the smallest to the largest, with
outliers left out, so that a single one does not flatten the rest: the colour bar then ends in an arrow. NaN is drawn
magenta, infinities and outliers in the colours at the ends.
Wrong arguments raise ValueError or TypeError, as everywhere in convstep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

try:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
except ImportError as _error:
    raise ImportError("convstep.draw needs matplotlib: pip install 'convstep[draw]'") from _error

from convstep._draw_arguments import Pair, range_of, to_channels, to_integer, to_reals, to_titles, to_window
from convstep._draw_panels import (
    add_colour_bar,
    count_in_integers,
    draw_output,
    frame_window,
    grid_figure,
    hatch_padding,
    show,
    tell_left_out,
    window_figure,
    write_numbers,
)

if TYPE_CHECKING:
    from convstep._types import Padding, Size

__all__ = ["filters", "pairs", "volume", "window"]


def volume(
    array: npt.ArrayLike,
    *,
    image: int = 0,
    titles: Sequence[str] | None = None,
    limit: int = 64,
    cmap: str | Colormap = "gray",
) -> Figure:
    """Draw the channels of one image side by side, in one range of values, which a colour bar shows.

    Parameters
    ----------
    array : (H, W), (H, W, C) or (N, H, W, C)
    image : which image of a batch
    titles : one for each of the C channels; their numbers where there are none
    limit : how many channels are drawn at most
    cmap : the colours, as matplotlib names them

    Examples
    --------
    >>> figure = volume(np.arange(24.0).reshape(2, 3, 4))
    >>> [axes.get_title() for axes in figure.axes[:4]]  # the colour bar comes last
    ['channel 0', 'channel 1', 'channel 2', 'channel 3']
    """
    channels = to_channels("array", array, image)
    names = to_titles(titles, [f"channel {c}" for c in range(len(channels))], "one for each channel")
    drawn = channels[: to_integer("limit", limit, 1)]
    columns = math.ceil(math.sqrt(len(drawn)))
    rows = math.ceil(len(drawn) / columns)
    figure = grid_figure(rows, columns, drawn[0])
    shared = range_of(np.stack(drawn))
    for index, (plane, name) in enumerate(zip(drawn, names)):
        axes = figure.add_subplot(rows, columns, index + 1)
        show(axes, plane, shared, cmap)
        axes.set(title=name, xticks=[], yticks=[])
    add_colour_bar(figure, shared)
    tell_left_out(figure, len(drawn), len(channels), "channels")
    return figure


def filters(weights: npt.ArrayLike, *, limit: int = 64) -> Figure:
    """Draw weights: a row for each input channel, a column for each filter, all in one range about zero.

    Parameters
    ----------
    weights : (KH, KW, C, O)
    limit : how many pictures are drawn at most, as many filters as fit, then as many input channels of them as fit

    Examples
    --------
    >>> figure = filters(np.ones((3, 3, 2, 5)))
    >>> len(figure.axes)  # 2 input channels of 5 filters, and the colour bar
    11
    """
    kernels = to_reals("weights", weights, "(KH, KW, C, O)", ranks=(4,))
    all_rows, all_columns = kernels.shape[2:]
    columns = min(all_columns, to_integer("limit", limit, 1))
    rows = min(all_rows, limit // columns)
    shared = range_of(kernels[:, :, :rows, :columns]).about_zero()
    figure = grid_figure(rows, columns, kernels[:, :, 0, 0])
    for index in range(rows * columns):
        c, o = divmod(index, columns)
        axes = figure.add_subplot(rows, columns, index + 1)
        show(axes, kernels[:, :, c, o], shared, "RdBu_r")
        axes.set(xticks=[], yticks=[], title="" if c else f"filter {o}", ylabel="" if o else f"channel {c}")
    add_colour_bar(figure, shared)
    tell_left_out(figure, rows * columns, all_rows * all_columns, "pictures")
    return figure


def pairs(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    *,
    image: int = 0,
    titles: Sequence[str] | None = None,
    limit: int = 8,
    cmap: str | Colormap = "gray",
) -> Figure:
    """Draw each channel before and after a step that keeps channels apart, such as padding, pooling or an activation.

    All pictures have one range, which a colour bar shows: equal values have equal colours.

    Parameters
    ----------
    before, after : (H, W), (H, W, C) or (N, H, W, C), with equally many channels
    image : which image of the batches
    titles : two, one for each side; "before" and "after" where there are none
    limit : how many channels are drawn at most
    cmap : the colours, as matplotlib names them

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(4, 3, 3, 2))
    >>> figure = pairs(x, np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))), titles=("x", "x_pad"))
    >>> [axes.get_title() for axes in figure.axes[:4]]
    ['x, channel 0', 'x_pad, channel 0', 'x, channel 1', 'x_pad, channel 1']
    """
    sides = to_channels("before", before, image), to_channels("after", after, image)
    names = to_titles(titles, ["before", "after"], "one for each side")
    channels = len(sides[0])
    if len(sides[1]) != channels:
        raise ValueError(
            f"after: got {len(sides[1])} channels, expected {channels}, as before has "
            "(a convolution mixes the channels: draw what it leaves with volume)"
        )
    rows = min(channels, to_integer("limit", limit, 1))
    figure = grid_figure(rows, 2, sides[0][0])
    shared = range_of(np.concatenate([plane.ravel() for side in sides for plane in side[:rows]]))
    for c in range(rows):
        for side, name in enumerate(names):
            axes = figure.add_subplot(rows, 2, 2 * c + side + 1)
            show(axes, sides[side][c], shared, cmap)
            count_in_integers(axes)
            axes.set_title(f"{name}, channel {c}")
    add_colour_bar(figure, shared)
    tell_left_out(figure, rows, channels, "channels")
    return figure


def window(
    input: npt.ArrayLike,
    *,
    kernel_size: Size,
    stride: Size = 1,
    padding: Padding = 0,
    dilation: Size = 1,
    position: Pair = (0, 0),
    channel: int = 0,
    image: int = 0,
) -> Figure:
    """Draw which elements of the padded input one element of the output is computed from.

    On the left is the padded input: its padding hatched, its numbers written where they fit, the window framed; where a
    dilation spreads the window, the elements that it reads are framed one by one. On the right is the output.

    Parameters
    ----------
    input : (H, W), (H, W, C) or (N, H, W, C)
    kernel_size, stride, dilation : a number, or (height, width)
    padding : a number, (height, width), ((top, bottom), (left, right)), "valid", "same" ("same_upper") or "same_lower"
    position : row and column of the output element
    channel, image : which plane of the input

    Examples
    --------
    >>> figure = window(np.arange(15.0).reshape(3, 5), kernel_size=3, stride=2, padding=1, position=(1, 2))
    >>> figure.axes[0].get_xlabel()
    'the window: padded[2:5, 4:7]'
    >>> figure.axes[1].get_title()
    'output (2, 3)'
    """
    planes = to_channels("input", input, image)
    plane = planes[to_integer("channel", channel, 0, len(planes))]
    height, width = to_window(plane.shape, kernel_size, stride, padding, dilation, position)
    padded = np.pad(plane, ((height.before, height.after), (width.before, width.after)))

    ratios = width.padded, max(width.output, width.padded // 2)  # cells of one size, unless the output is tiny
    figure = window_figure(padded.shape[0], ratios)
    left, right = figure.subplots(1, 2, width_ratios=ratios)
    colour_range = range_of(plane)
    show(left, padded, colour_range, "gray")
    hatch_padding(left, height, width)
    write_numbers(left, padded, colour_range, height, width)
    frame_window(left, height, width)
    left.set_title(f"padded input {padded.shape}, channel {channel}")
    left.set_xlabel(f"the window: padded[{height.slice_text()}, {width.slice_text()}]")
    draw_output(right, (height.output, width.output), position)
    for axes in (left, right):
        count_in_integers(axes)
    return figure
