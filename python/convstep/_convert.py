"""Arrays that the compiled functions cannot read where they lie."""

from typing import Any

import numpy as np

from convstep import _hints


def convert(array: Any, argument: str, dtype: type[np.generic] | None = None) -> np.ndarray:
    """`array` as an aligned array of native float32 or float64, without a copy where that is possible.

    float32 and float64 keep their precision, float16 becomes float32, integers and bools become float64; `dtype`
    overrides that. Raises TypeError, naming `argument`, for everything else.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{argument}: got a masked array, expected one without a mask (see its method filled)")
    given, array = array, _read(array, argument)
    kind, size = array.dtype.kind, array.dtype.itemsize
    if dtype is None and kind in "biu":
        dtype = np.float64
    elif dtype is None and kind == "f" and size in (2, 4, 8):
        dtype = np.float64 if size == 8 else np.float32
    if dtype is None:
        raise TypeError(_complaint(given, array, argument))
    return np.require(array, dtype, "A")


def convert_indices(array: Any, argument: str) -> np.ndarray:
    """`array` as an aligned array of native int64. Raises TypeError, naming `argument`, for what holds no integers."""
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{argument}: got a masked array, expected one without a mask (see its method filled)")
    given, array = array, _read(array, argument)
    if array.dtype.kind in "iu":
        return np.require(array, np.int64, "A")
    if array.ndim == 0 and not isinstance(given, (np.ndarray, np.generic)):
        raise TypeError(f"{argument}: got {_hints.shown(given)}, expected an array of integers")
    if argument == "indices":
        raise TypeError(f"{argument}: got an array of {array.dtype}, expected integers, as max_pool2d returns them")
    hint = f" (of one row for each: {argument}.argmax(axis=1))" if array.ndim == 2 else ""
    raise TypeError(f"{argument}: got an array of {array.dtype}, expected integers{hint}")


def _read(array: Any, argument: str) -> np.ndarray:
    """`array` as NumPy sees it, in whichever way its owner lets it be read."""
    try:
        if not isinstance(array, (np.ndarray, np.generic)) and hasattr(array, "__dlpack__"):
            try:
                return np.from_dlpack(array)
            except (BufferError, RuntimeError, TypeError, ValueError):
                if not hasattr(array, "__array__"):
                    raise
        return np.asarray(array)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        given = type(array).__name__
        raise TypeError(f"{argument}: got a {given} that is no array ({error}), expected an array of numbers") from error


def _complaint(given: Any, array: np.ndarray, argument: str) -> str:
    hint = _hints.array(argument, given)
    more = f" ({hint})" if hint else ""
    if array.ndim == 0 and not isinstance(given, (np.ndarray, np.generic)):  # a single thing, as NumPy sees it
        is_short = given is None or isinstance(given, (str, bytes))
        what = _hints.shown(given) if is_short else f"a {type(given).__name__}"
        return f"{argument}: got {what}, expected an array of numbers{more}"
    return f"{argument}: got an array of {array.dtype}, expected float16, float32, float64, integers or bools{more}"
