"""What the pictures of convstep.draw are made of."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from convstep._draw_arguments import Pair, Plane, Range, WindowAxis

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
NUMBER_LENGTH = 7  # characters of the longest usual number, such as -0.0268
CHARACTER_WIDTH = 0.65  # of its font size, with a little space
LARGEST_FONT = 12


class Picture(Figure):
    """A figure that notebooks show by themselves, without pyplot's magic."""

    def _repr_png_(self) -> bytes:
        with io.BytesIO() as file:
            self.savefig(file, format="png")
            return file.getvalue()


def grid_figure(rows: int, columns: int, plane: Plane) -> Picture:
    """A figure for rows and columns of pictures of the plane's proportions, and a colour bar."""
    panel = max(PANEL_INCHES, FIGURE_INCHES / columns)
    proportion = min(max(plane.shape[0] / plane.shape[1], 1 / 4), 4)
    width = columns * panel + COLOUR_BAR_INCHES
    return Picture(figsize=(width, rows * (panel * proportion + TITLE_INCHES)), layout="constrained")


def window_figure(rows: int, columns: tuple[int, int]) -> Picture:
    """A figure for two grids of cells side by side, the higher one of so many rows."""
    proportion = min(max(sum(columns) / rows, NARROWEST), WIDEST)
    return Picture(figsize=(proportion * FIGURE_INCHES, FIGURE_INCHES), layout="constrained")


def show(axes: Axes, plane: Plane, values: Range, cmap: str | Colormap) -> AxesImage:
    colours = colormaps.get_cmap(cmap).with_extremes(bad=NAN_COLOUR)
    plane = np.where(np.isinf(plane), np.clip(plane, values.low, values.high), plane)  # else they would be drawn as NaN
    return axes.imshow(plane, cmap=colours, vmin=values.low, vmax=values.high, interpolation="nearest")


def add_colour_bar(figure: Figure, values: Range) -> None:
    """Beside all pictures of the figure, which share the range."""
    figure.colorbar(figure.axes[0].images[0], ax=figure.axes, extend=values.extend)


def count_in_integers(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def tell_left_out(figure: Figure, drawn: int, total: int, noun: str) -> None:
    if drawn < total:
        figure.suptitle(f"{drawn} of {total} {noun}")


def cells(top: int, left: int, height: int, width: int, **style: Any) -> Rectangle:
    """A rectangle around elements, whose centres lie at whole numbers."""
    return Rectangle((left - 0.5, top - 0.5), width, height, **style)


def hatch_padding(axes: Axes, height: WindowAxis, width: WindowAxis) -> None:
    inside = height.padded - height.before - height.after
    for top, left, rows, columns in (
        (0, 0, height.before, width.padded),
        (height.padded - height.after, 0, height.after, width.padded),
        (height.before, 0, inside, width.before),
        (height.before, width.padded - width.after, inside, width.after),
    ):
        if rows and columns:
            axes.add_patch(cells(top, left, rows, columns, fc="0.9", ec="0.7", hatch="///", lw=0, gid="padding"))


def write_numbers(
    axes: Axes, padded: Plane, colour_range: Range, height: WindowAxis, width: WindowAxis
) -> None:
    side = max(padded.shape)
    if side > WRITTEN_SIDE:
        return
    middle = (colour_range.low + colour_range.high) / 2
    fontsize = min(FIGURE_INCHES * POINTS_PER_INCH / side / (NUMBER_LENGTH * CHARACTER_WIDTH), LARGEST_FONT)
    for (row, column), value in np.ndenumerate(padded):
        in_input = height.in_input(row) and width.in_input(column)
        colour = "white" if in_input and value <= middle else "black"
        axes.text(column, row, f"{value:.3g}", color=colour, fontsize=fontsize, ha="center", va="center")


def frame_window(axes: Axes, height: WindowAxis, width: WindowAxis) -> None:
    spread = height.dilation > 1 or width.dilation > 1
    if spread:
        for row in range(height.start, height.start + height.reach, height.dilation):
            for column in range(width.start, width.start + width.reach, width.dilation):
                axes.add_patch(cells(row, column, 1, 1, fill=False, ec=MARK_COLOUR, lw=2, gid="tap"))
    line: dict[str, Any] = {"ls": ":", "lw": 2} if spread else {"lw": 3}
    frame = cells(height.start, width.start, height.reach, width.reach, fill=False, ec=MARK_COLOUR, **line)
    frame.set_gid("window")
    axes.add_patch(frame)


def draw_output(axes: Axes, shape: Pair, position: Pair) -> None:
    rows, columns = shape
    axes.add_patch(cells(*position, 1, 1, fc=MARK_COLOUR, gid="position"))
    if max(shape) <= LINED_SIDE:
        axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="0.7")
        axes.tick_params(which="minor", length=0)
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5), aspect="equal", title=f"output {shape}")
