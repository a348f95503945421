"""Which of the learner's lines a mistake is likely to be on."""

from __future__ import annotations

import inspect
import re
from typing import Any

from convstep.check._finding import Place

# What is on the line, by how the mistake's name begins: the first that fits.
_TELLING = (
    (r"stride_on_rows|column", r"^\s*(horiz_start|w_start|x0)\s*="),
    (r"stride_on_columns|row_", r"^\s*(vert_start|h_start|y0)\s*="),
    (r"stride_(unused|ignored)|window_(size|does|one)|pad_for_stride", r"^\s*(vert_start|h_start|y0)\s*="),
    (r"ceil|round_|no_plus|plus_two|\w+_of_size|\w+_in_size|\w+_height|stride_left|size_of", r"^\s*n_H\s*="),
    (r"width_from|\w+_in_width", r"^\s*n_W\s*="),
    (r"pad_|edge_|reflect_|symmetric_|wrap_|ones_", r"np\.pad\("),
    (r"bias_(in_sum|subtracted|multiplied)", r"\b(b|bias|biases)\b.*(sum|\+|-|\*)|(sum|\+|-|\*).*\b(b|bias|biases)\b"),
    (r"first_bias|last_bias", r"\bb\["),
    (r"first_filter|last_filter|weights_reversed|filters_reversed", r"\bW\["),
    (r"mean_for_sum", r"\bmean\("),
    (r"max_for_sum", r"\bmax\("),
    (r"first_channel_alone", r"a_slice_prev\s*=|a_slice\s*="),
    (r"first_image_for", r"\[0\]"),
    (r"input_gradient_assigned", r"^\s*(da_prev_pad|dA_prev|dA_prev_pad)\[.*\]\s*="),
    (r"weights_gradient_assigned", r"^\s*dW\[.*\]\s*="),
    (r"bias_gradient_assigned", r"^\s*db\[.*\]\s*="),
    (r"\w*crop", r"\[pad:|:-pad"),
    (r"truncated", r"\bint\(|dtype"),
    (r"relu", r"maximum|\brelu"),
    (r"cache", r"^\s*cache\s*="),
    (r"result", r"^\s*return\b"),
)


def likely_line(given: Any, *mistakes: str) -> Place | None:
    """The first line that shows what the first mistake is about, where there is exactly one kind of line for it."""
    try:
        lines, first = inspect.getsourcelines(inspect.unwrap(given))
        code = inspect.unwrap(given).__code__
    except (OSError, TypeError, AttributeError):
        return None
    for mistake in mistakes:
        for beginning, telling in _TELLING:
            if not re.match(beginning, mistake):
                continue
            for number, line in enumerate(lines):
                text = line.split("#")[0].strip()
                if re.search(telling, line.split("#")[0]) and not text.startswith(("def ", '"')):
                    return Place(code.co_filename, first + number, text, code.co_name)
            break
    return None
