"""Arrays that the compiled functions cannot read where they lie."""

from typing import Any

import numpy as np


def convert(array: Any, argument: str, dtype: type[np.generic] | None = None) -> np.ndarray:
    """`array` as an aligned array of native float32 or float64, without a copy where that is possible.

    float32 and float64 keep their precision; integers and bools become float64; `dtype` overrides both. Raises
    TypeError, naming `argument`, for everything else.
    """
    if not isinstance(array, (np.ndarray, np.generic)) and hasattr(array, "__dlpack__"):
        array = np.from_dlpack(array)
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{argument}: got a masked array, expected one without a mask (see its method filled)")
    try:
        array = np.asarray(array)
    except ValueError as error:
        raise TypeError(f"{argument}: got something that is no array ({error}), expected an array of numbers") from None
    kind, size = array.dtype.kind, array.dtype.itemsize
    if dtype is None and kind in "biu":
        dtype = np.float64
    elif dtype is None and kind == "f" and size in (4, 8):
        dtype = np.float32 if size == 4 else np.float64
    if dtype is None:
        raise TypeError(f"{argument}: got an array of {array.dtype}, expected float32, float64, integers or bools")
    return np.require(array, dtype, "A")
