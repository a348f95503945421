"""Pictures of arrays, filters and windows, for learners.

Needs matplotlib, which is an extra: ``pip install 'convstep[draw]'``. Every function returns a matplotlib ``Figure``,
which it neither shows nor registers with pyplot: save it with ``figure.savefig("picture.png")``, or let a notebook
show it after ``%matplotlib inline``.

Arrays are channels-last. NaN is drawn magenta, infinities in the colours at the ends of the range.
Wrong arguments raise ValueError or TypeError, as everywhere in convstep.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

try:
    from matplotlib import colormaps
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    raise ImportError("convstep.draw needs matplotlib: pip install 'convstep[draw]'") from error

from convstep._draw_arguments import Pair, Plane, WindowAxis, finite_range
from convstep._draw_arguments import to_channels, to_integer, to_reals, to_titles, to_window

if TYPE_CHECKING:
    from convstep._core import Padding, Size

__all__ = ["filters", "pairs", "volume", "window"]

NAN_COLOUR = "magenta"  # no grey, so it cannot be taken for a value
MARK_COLOUR = "tab:orange"
WRITTEN_SIDE = 12  # up to this many rows or columns, a number has room in its cell
LINED_SIDE = 64  # beyond this many rows or columns, lines between cells would hide them
PANEL_INCHES = 1.7
FIGURE_INCHES = 4.5  # the least width of a grid, and the height of a window's picture
NARROWEST, WIDEST = 1.6, 2.6  # a window's picture, over its height
COLOUR_BAR_INCHES = 0.9
TITLE_INCHES = 0.4
POINTS_PER_INCH = 72
NUMBER_LENGTH = 6  # characters of the longest usual number, such as -0.268
CHARACTER_WIDTH = 0.7  # of its font size, with a little space


def volume(
    array: npt.ArrayLike,
    *,
    image: int = 0,
    titles: Sequence[str] | None = None,
    limit: int = 64,
    cmap: str | Colormap = "gray",
) -> Figure:
    """Draw the channels of one image side by side, each from its smallest value to its largest.

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
    >>> [axes.get_title() for axes in figure.axes]
    ['channel 0', 'channel 1', 'channel 2', 'channel 3']
    """
    channels = to_channels("array", array, image)
    names = to_titles(titles, [f"channel {c}" for c in range(len(channels))], "one for each channel")
    drawn = channels[: to_integer("limit", limit, 1)]
    columns = math.ceil(math.sqrt(len(drawn)))
    rows = math.ceil(len(drawn) / columns)
    figure = _grid_figure(rows, columns, drawn[0])
    for index, (plane, name) in enumerate(zip(drawn, names)):
        axes = figure.add_subplot(rows, columns, index + 1)
        _show(axes, plane, finite_range(plane), cmap)
        axes.set(title=name, xticks=[], yticks=[])
    _tell_left_out(figure, len(drawn), len(channels), "channels")
    return figure


def filters(weights: npt.ArrayLike, *, limit: int = 64) -> Figure:
    """Draw weights: a row for each input channel, a column for each filter, all in one range about zero.

    Parameters
    ----------
    weights : (KH, KW, C, O)
    limit : how many pictures are drawn at most: as many filters as fit, then as many input channels of them as fit

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
    low, high = finite_range(kernels[:, :, :rows, :columns])
    bound = max(-low, high) or 1.0  # filters that are all zero have a range, too
    figure = _grid_figure(rows, columns, kernels[:, :, 0, 0])
    figure.set_figwidth(figure.get_figwidth() + COLOUR_BAR_INCHES)
    for index in range(rows * columns):
        c, o = divmod(index, columns)
        axes = figure.add_subplot(rows, columns, index + 1)
        picture = _show(axes, kernels[:, :, c, o], (-bound, bound), "RdBu_r")
        axes.set(xticks=[], yticks=[], title="" if c else f"filter {o}", ylabel="" if o else f"channel {c}")
    figure.colorbar(picture, ax=figure.axes)
    _tell_left_out(figure, rows * columns, all_rows * all_columns, "pictures")
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

    Both pictures of a pair have the same range: equal values have equal colours.

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
    >>> [axes.get_title() for axes in figure.axes]
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
    figure = _grid_figure(rows, 2, sides[0][0])
    for c in range(rows):
        planes = sides[0][c], sides[1][c]
        shared = finite_range(np.concatenate([plane.ravel() for plane in planes]))
        for side, (plane, name) in enumerate(zip(planes, names)):
            axes = figure.add_subplot(rows, 2, 2 * c + side + 1)
            _show(axes, plane, shared, cmap)
            _count_in_integers(axes)
            axes.set_title(f"{name}, channel {c}")
    _tell_left_out(figure, rows, channels, "channels")
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
    proportion = min(max(sum(ratios) / height.padded, NARROWEST), WIDEST)
    figure = Figure(figsize=(proportion * FIGURE_INCHES, FIGURE_INCHES), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=ratios)
    _show(left, padded, finite_range(plane), "gray")
    _hatch_padding(left, height, width)
    _write_numbers(left, padded, height, width)
    _frame_window(left, height, width)
    left.set_title(f"padded input {padded.shape}, channel {channel}")
    left.set_xlabel(f"the window: padded[{height.slice_text()}, {width.slice_text()}]")
    _draw_output(right, (height.output, width.output), position)
    for axes in (left, right):
        _count_in_integers(axes)
    return figure


def _grid_figure(rows: int, columns: int, plane: Plane) -> Figure:
    """A figure for rows and columns of pictures of the plane's proportions."""
    panel = max(PANEL_INCHES, FIGURE_INCHES / columns)
    proportion = min(max(plane.shape[0] / plane.shape[1], 1 / 4), 4)
    return Figure(figsize=(columns * panel, rows * (panel * proportion + TITLE_INCHES)), layout="constrained")


def _show(axes: Axes, plane: Plane, colour_range: tuple[float, float], cmap: str | Colormap) -> AxesImage:
    colours = colormaps.get_cmap(cmap).with_extremes(bad=NAN_COLOUR)
    low, high = colour_range
    return axes.imshow(plane, cmap=colours, vmin=low, vmax=high, interpolation="nearest")


def _count_in_integers(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _tell_left_out(figure: Figure, drawn: int, total: int, noun: str) -> None:
    if drawn < total:
        figure.suptitle(f"{drawn} of {total} {noun}")


def _cells(top: int, left: int, height: int, width: int, **style: Any) -> Rectangle:
    """A rectangle around elements, whose centres lie at whole numbers."""
    return Rectangle((left - 0.5, top - 0.5), width, height, **style)


def _hatch_padding(axes: Axes, height: WindowAxis, width: WindowAxis) -> None:
    inside = height.padded - height.before - height.after
    for top, left, rows, columns in (
        (0, 0, height.before, width.padded),
        (height.padded - height.after, 0, height.after, width.padded),
        (height.before, 0, inside, width.before),
        (height.before, width.padded - width.after, inside, width.after),
    ):
        if rows and columns:
            axes.add_patch(_cells(top, left, rows, columns, fc="0.9", ec="0.7", hatch="///", lw=0, gid="padding"))


def _write_numbers(axes: Axes, padded: Plane, height: WindowAxis, width: WindowAxis) -> None:
    side = max(padded.shape)
    if side > WRITTEN_SIDE:
        return
    low, high = finite_range(padded)
    fontsize = min(FIGURE_INCHES * POINTS_PER_INCH / side / (NUMBER_LENGTH * CHARACTER_WIDTH), 12)
    for (row, column), value in np.ndenumerate(padded):
        in_input = height.in_input(row) and width.in_input(column)
        colour = "white" if in_input and value < (low + high) / 2 else "black"
        axes.text(column, row, f"{value:.3g}", color=colour, fontsize=fontsize, ha="center", va="center")


def _frame_window(axes: Axes, height: WindowAxis, width: WindowAxis) -> None:
    spread = height.dilation > 1 or width.dilation > 1
    if spread:
        for row in range(height.start, height.start + height.reach, height.dilation):
            for column in range(width.start, width.start + width.reach, width.dilation):
                axes.add_patch(_cells(row, column, 1, 1, fill=False, ec=MARK_COLOUR, lw=2, gid="tap"))
    line: dict[str, Any] = {"ls": ":", "lw": 2} if spread else {"lw": 3}
    frame = _cells(height.start, width.start, height.reach, width.reach, fill=False, ec=MARK_COLOUR, **line)
    frame.set_gid("window")
    axes.add_patch(frame)


def _draw_output(axes: Axes, shape: Pair, position: Pair) -> None:
    rows, columns = shape
    axes.add_patch(_cells(*position, 1, 1, fc=MARK_COLOUR, gid="position"))
    if max(shape) <= LINED_SIDE:
        axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="0.7")
        axes.tick_params(which="minor", length=0)
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", title=f"output {shape}")
