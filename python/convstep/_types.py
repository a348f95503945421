"""The types of arguments, by the names that the declarations use."""

from typing import Any, Literal, SupportsFloat, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Int: TypeAlias = SupportsIndex  # int and NumPy's integers
Real: TypeAlias = SupportsFloat | SupportsIndex
Flag: TypeAlias = bool | np.bool_
_Integers: TypeAlias = NDArray[np.integer[Any]]
_Pair: TypeAlias = tuple[SupportsIndex, SupportsIndex] | list[int]
Size: TypeAlias = SupportsIndex | _Pair | _Integers
Padding: TypeAlias = (
    Size | tuple[_Pair, _Pair] | list[list[int]] | list[tuple[int, int]] | Literal["valid", "same", "same_upper", "same_lower"]
)
Axes: TypeAlias = tuple[SupportsIndex, SupportsIndex, SupportsIndex, SupportsIndex] | list[int] | _Integers
Plane: TypeAlias = tuple[SupportsIndex, SupportsIndex] | list[int] | _Integers
Ties: TypeAlias = Literal["first", "all"]
Activation: TypeAlias = Literal["relu", "relu6", "leaky_relu", "sigmoid", "tanh"]
Layout: TypeAlias = Literal["NHWC", "NCHW"]
Numerics: TypeAlias = Literal["fast", "numpy"]
Algorithm: TypeAlias = Literal["auto", "direct", "winograd", "reference"]
