"""A small picture of the window at fault."""

from __future__ import annotations

import html

from convstep.check._finding import Difference

_CELL = 44  # pixels
_MOST = 12  # rows and columns


def window_svg(difference: Difference) -> str:
    """The padded image of the first number that differs, as SVG: its numbers, and the window framed. Or nothing."""
    image, window = difference.image, difference.window
    if image is None or window is None or max(image.shape) > _MOST:
        return ""
    top, bottom, left, right = window
    height, width = image.shape
    cells = []
    for y in range(height):
        for x in range(width):
            inside = top <= y < bottom and left <= x < right
            fill = "#fff3c4" if inside else "#f6f8fa"
            cells.append(
                f'<rect x="{x * _CELL}" y="{y * _CELL}" width="{_CELL}" height="{_CELL}" fill="{fill}" stroke="#d0d7de"/>'
                f'<text x="{(x + 0.5) * _CELL}" y="{(y + 0.5) * _CELL}" font-size="12" fill="#24292f" '
                f'text-anchor="middle" dominant-baseline="central">{image[y, x]:.4g}</text>'
            )
    frame = (
        f'<rect x="{left * _CELL}" y="{top * _CELL}" width="{(right - left) * _CELL}" height="{(bottom - top) * _CELL}" '
        'fill="none" stroke="#cf222e" stroke-width="3"/>'
    )
    words = f"The window of {difference.place()}: rows {top} to {bottom - 1}, columns {left} to {right - 1}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{html.escape(words)}" width="{width * _CELL + 4}" '
        f'height="{height * _CELL + 4}" viewBox="-2 -2 {width * _CELL + 4} {height * _CELL + 4}">'
        f"{''.join(cells)}{frame}</svg>"
        f'<p style="margin:0">{html.escape(words)} of {difference.image_text()}, channel {difference.channel}; '
        f"right is {difference.right:.6g}, yours {difference.yours:.6g}</p>"
    )
