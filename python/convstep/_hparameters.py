"""The notebook's dictionaries of hyperparameters: what is in them besides the keys that a function reads."""

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from convstep._hints import quoted, shown


def check_keys(known: tuple[str, str], hparameters: Mapping[Any, Any], W: Any = None) -> None:
    """Raise ValueError for a key that is none of `known` and that somebody may believe is heeded.

    One dictionary may serve convolution and pooling: "f" is fine where it is that of `W`, and a "pad" of 0 in pooling.
    """
    for key in hparameters:
        if key in known:
            continue
        value = hparameters[key]
        if key == "f" and _is(value, np.shape(W)[:1]) and _is(value, np.shape(W)[1:2]):
            continue
        if key == "pad" and _is(value, (0,)):
            continue
        if key == "f" and "f" not in known:
            raise ValueError(f"hparameters['f']: got {shown(value)}, expected that of W, {shown(np.shape(W)[:2])}, or none")
        raise ValueError(
            f"hparameters: got the key {shown(key)}, expected {quoted(known)} alone{_hint(known, key, value)}"
        )


def _is(value: Any, number: tuple[int, ...]) -> bool:
    return isinstance(value, (int, np.integer)) and (value,) == number


def _hint(known: tuple[str, str], key: Any, value: Any) -> str:
    is_pooling = "f" in known
    if key == "mode" and is_pooling:
        return f" (the mode is an argument of its own: pool_forward(A_prev, hparameters, {shown(value)}))"
    if key == "pad" and is_pooling:
        return f" (pool_forward does not pad: write zero_pad(A_prev, {shown(value)}))"
    import convstep

    function = convstep.max_pool2d if is_pooling else convstep.conv2d
    takes = isinstance(key, str) and key in inspect.signature(function).parameters
    return f" ({function.__name__} takes it)" if takes else ""
