"""A convolution layer that is made once and called many times."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike, NDArray

from convstep import _core
from convstep._convert import convert

if TYPE_CHECKING:
    from convstep._core import Activation, Algorithm, Layout, Padding, Size


class Conv2d:
    """A 2-D convolution layer with its weights.

    The weights are checked and copied when the layer is made; calls then take only the input. Options are those of
    `conv2d`. The first call with images of some height and width chooses how to compute them and packs the weights for
    it; the layer keeps this for the last few sizes, so that later calls only compute. It may be called from many
    threads at once.

    Parameters
    ----------
    weights : array_like, shape (KH, KW, C/groups, O), or (O, C/groups, KH, KW) for layout "NCHW"
    bias : array_like, shape (O,), optional
    stride, padding, dilation, groups, activation, slope, layout, algorithm
        As in `conv2d`.

    Raises
    ------
    ValueError, TypeError
        As `conv2d` does, for all that can be seen without an input.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2d(np.ones((3, 3, 4, 8)), stride=2, padding=1, activation="relu")
    >>> layer(np.ones((10, 5, 7, 4))).shape
    (10, 3, 4, 8)
    >>> Conv2d(np.ones((3, 3, 4, 8)), stride=2, padding=1, activation="relu").describe()
    'conv2d 3x3, 4 to 8 channels, float64, stride 2, padding 1, relu, NHWC'
    """

    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: int = 1,
        activation: Activation | None = None,
        slope: float = 0.01,
        layout: Layout = "NHWC",
        algorithm: Algorithm = "auto",
    ) -> None:
        self._weights = convert(weights, "weights").copy()
        self._bias = None if bias is None else convert(bias, "bias").copy()
        options: dict[str, Any] = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
            "activation": activation,
            "slope": slope,
            "layout": layout,
            "algorithm": algorithm,
        }
        self._options = copy.deepcopy(options)  # a list given as padding may change later
        self._layer = _core.ConvLayer(self._weights, self._bias, **self._options)

    def __call__(
        self,
        input: ArrayLike,
        *,
        residual: ArrayLike | None = None,
        out: NDArray[Any] | None = None,
        threads: int | None = None,
    ) -> NDArray[Any]:
        """The layer applied to `input`; `residual`, `out` and `threads` as in `conv2d`."""
        return self._layer.run(input, residual, out, threads)

    def describe(self, input_shape: tuple[int, int, int, int] | None = None) -> str:
        """What the layer computes, and how.

        How depends on the height and width of the images, on the dtype and on the machine. Given the shape of an input,
        in the order of `layout`, this makes ready for such inputs of the layer's own dtype, which is float32 where
        weights and bias are, and says what was chosen; without it, what the last call did, if there was one. The dtype
        is that of the sums and of the output.

        >>> import numpy as np
        >>> Conv2d(np.ones((5, 5, 3, 2)), algorithm="reference").describe((1, 32, 32, 3))
        'conv2d 5x5, 3 to 2 channels, float64, algorithm reference, NHWC: reference loops'
        """
        how = self._layer.describe_latest() if input_shape is None else self._layer.describe(input_shape)
        height, width, channels, outputs = self._layer.shape
        parts = [
            f"conv2d {height}x{width}",
            f"{channels * self._options['groups']} to {outputs} channels",
            self._layer.latest_dtype,
        ]
        defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "algorithm": "auto"}
        parts += [f"{name} {self._options[name]}" for name, usual in defaults.items() if self._options[name] != usual]
        if self._bias is not None:
            parts.append("bias")
        if self._options["activation"] is not None:
            parts.append(str(self._options["activation"]))
        parts.append(self._options["layout"])
        return ", ".join(parts) + (f": {how}" if how else "")

    def output_shape(self, input_shape: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        """The shape of the output for inputs of this shape, both in the order of `layout`.

        >>> import numpy as np
        >>> Conv2d(np.ones((3, 3, 4, 8)), stride=2, padding=1).output_shape((10, 5, 7, 4))
        (10, 3, 4, 8)
        """
        return self._layer.output_shape(input_shape)

    def workspace_bytes(self, input_shape: tuple[int, int, int, int]) -> int:
        """The most memory that each thread needs for inputs of this shape besides arrays and weights; threads keep it.

        Whatever the strides of the arrays and the number of images and threads; some need less.
        """
        return self._layer.workspace_bytes(input_shape)

    def __repr__(self) -> str:
        return f"<convstep.Conv2d: {self.describe()}>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_layer"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._layer = _core.ConvLayer(self._weights, self._bias, **self._options)
