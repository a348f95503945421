"""A convolution layer that is made once and called many times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from convstep import _core
from convstep._activation import activation_backward
from convstep._compiled import with_hints
from convstep._convert import convert
from convstep._convolution import conv2d
from convstep._convolution_backward import conv2d_backward
from convstep._hints import numbers
from convstep._types import Activation, Algorithm, Array, Axes, Flag, Int, Layout, Numerics, Padding, Real, Size

# Options and their defaults, in the order of Conv2d's own.
OPTIONS = {
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": 1,
    "activation": None,
    "slope": 0.01,
    "layout": "NHWC",
    "numerics": "fast",
    "algorithm": "auto",
}


def _weights_are_meant(arguments: Sequence[Any], named: dict[str, Any]) -> str | None:
    """For the layers of PyTorch and Keras, which make their weights themselves."""
    sizes = dict(zip(("in_channels", "out_channels", "kernel_size"), arguments)) | named
    if not isinstance(sizes.get("in_channels"), int) and not named.keys() & {"in_channels", "filters", "kernel_size"}:
        return None
    channels, outputs, window = (sizes.get(name) for name in ("in_channels", "out_channels", "kernel_size"))
    groups = sizes.get("groups", 1)
    window = window if isinstance(window, tuple) else (window, window)
    shape: tuple[str, ...] = ("KH", "KW", "C", "O")
    if all(isinstance(size, int) for size in (channels, outputs, groups, *window)) and len(window) == 2 and groups > 0:
        shape = (*map(str, window), str(channels // groups), str(outputs))
    if sizes.get("layout") == "NCHW":
        shape = (*shape[:1:-1], *shape[:2])
    example = f"Conv2d(np.zeros(({', '.join(shape)})))"
    return f"takes the weights themselves, not how many channels there are: {example}, say"


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
    stride, padding, dilation, groups, activation, slope, layout, numerics, algorithm
        As in `conv2d`.

    Attributes
    ----------
    weights, bias : ndarray
        The layer's own, read-only; `bias` may be None.
    stride, padding, dilation, groups, activation, slope, layout, numerics, algorithm
        As given. A layer does not change.

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
    >>> layer
    Conv2d(weights=<float64 (3, 3, 4, 8)>, bias=None, stride=2, padding=1, activation='relu')
    >>> layer.weights.shape, layer.stride
    ((3, 3, 4, 8), 2)
    """

    weights: Array
    bias: Array | None
    stride: Size
    padding: Padding
    dilation: Size
    groups: Int
    activation: Activation | None
    slope: Real
    layout: Layout
    numerics: Numerics
    algorithm: Algorithm
    _layer: _core.ConvLayer

    @with_hints("Conv2d", _weights_are_meant)
    def __init__(
        self,
        weights: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        stride: Size = 1,
        padding: Padding = 0,
        dilation: Size = 1,
        groups: Int = 1,
        activation: Activation | None = None,
        slope: Real = 0.01,
        layout: Layout = "NHWC",
        numerics: Numerics = "fast",
        algorithm: Algorithm = "auto",
    ) -> None:
        if isinstance(weights, (int, np.integer)):
            raise ValueError(
                "weights: got (), expected an array of 4 axes (the weights themselves, not how many channels there are: "
                "np.zeros((KH, KW, C, O)), say)"
            )
        if isinstance(bias, bool):  # PyTorch's, whether there are any
            raise ValueError(f"bias: got (), expected an array of 1 axis ({numbers('bias', bias)})")
        options: dict[str, Any] = {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": groups,
            "activation": activation,
            "slope": slope,
            "layout": layout,
            "numerics": numerics,
            "algorithm": algorithm,
        }
        self.__setstate__(
            {
                "weights": convert(weights, "weights"),
                "bias": None if bias is None else convert(bias, "bias"),
                **{name: _fixed(value) for name, value in options.items()},
            }
        )

    @with_hints("Conv2d.__call__")
    def __call__(
        self,
        input: ArrayLike,
        *,
        residual: ArrayLike | None = None,
        out: Array | None = None,
        threads: Int | None = None,
    ) -> Array:
        """The layer applied to `input`; `residual`, `out` and `threads` as in `conv2d`."""
        return self._layer.run(input, residual, out, threads)

    @with_hints("Conv2d.backward")
    def backward(
        self,
        grad: ArrayLike,
        input: ArrayLike,
        *,
        residual: ArrayLike | None = None,
        out: tuple[Array | None, Array | None, Array | None] | None = None,
        accumulate: Flag = False,
        threads: Int | None = None,
    ) -> tuple[Array, Array, Array | None]:
        """The gradients of input, weights and bias, from that of the layer's output: see `conv2d_backward`.

        `input` and `residual` are those of the call whose output it was. Where the layer has an activation, what that was
        applied to is computed anew. The gradient of a residual is `grad`, before the activation, if there is one.

        >>> import numpy as np
        >>> layer, x = Conv2d(np.ones((3, 3, 4, 8)), np.zeros(8), padding=1, activation="relu"), np.ones((10, 5, 7, 4))
        >>> input_grad, weights_grad, bias_grad = layer.backward(np.ones(layer.output_shape(x)), x)
        >>> input_grad.shape, weights_grad.shape
        ((10, 5, 7, 4), (3, 3, 4, 8))
        >>> print(bias_grad)
        [350. 350. 350. 350. 350. 350. 350. 350.]
        """
        options = {name: getattr(self, name) for name in OPTIONS if name not in ("activation", "slope")}
        if self.activation is not None:
            sums = conv2d(input, self.weights, self.bias, residual=residual, threads=threads, **options)
            grad = convert(grad, "grad")
            if grad.shape != sums.shape:
                raise ValueError(f"grad: got {grad.shape}, expected {sums.shape} (the shape of the layer's output)")
            grad = activation_backward(grad, sums, self.activation, self.slope, threads=threads)
        return conv2d_backward(
            grad,
            input,
            self.weights,
            bias=self.bias is not None,
            out=out,
            accumulate=accumulate,
            threads=threads,
            **options,
        )

    @with_hints("Conv2d.describe")
    def describe(self, input_shape: Axes | Array | None = None) -> str:
        """What the layer computes, and how.

        How depends on the height and width of the images, on the dtype and on the machine. Given an input, or its shape
        in the order of `layout`, this makes ready for inputs of that shape and the layer's own dtype, which is float32
        where weights and bias are, and says what was chosen; without it, what the last call did, if there was one. The
        dtype is that of the sums and of the output.

        >>> import numpy as np
        >>> Conv2d(np.ones((5, 5, 3, 2)), algorithm="reference").describe((1, 32, 32, 3))
        'conv2d 5x5, 3 to 2 channels, float64, algorithm reference, NHWC: reference loops'
        """
        how = self._layer.describe_latest() if input_shape is None else self._layer.describe(input_shape)
        height, width, channels, outputs = self._layer.shape
        parts = [
            f"conv2d {height}x{width}",
            f"{channels * int(self.groups)} to {outputs} channels",
            self._layer.latest_dtype,
        ]
        unusual = self._unusual()
        parts += [f"{name} {unusual[name]}" for name in ("stride", "padding", "dilation", "groups") if name in unusual]
        parts += [f"{name} {unusual[name]}" for name in ("numerics", "algorithm") if name in unusual]
        parts += ["bias"] if self.bias is not None else []
        parts += [self.activation] if self.activation else []
        parts.append(self.layout)
        return ", ".join(parts) + (f": {how}" if how else "")

    @with_hints("Conv2d.output_shape")
    def output_shape(self, input_shape: Axes | Array) -> tuple[int, int, int, int]:
        """The shape of the output for inputs of this shape, both in the order of `layout`.

        >>> import numpy as np
        >>> Conv2d(np.ones((3, 3, 4, 8)), stride=2, padding=1).output_shape((10, 5, 7, 4))
        (10, 3, 4, 8)
        """
        return self._layer.output_shape(input_shape)

    @with_hints("Conv2d.workspace_bytes")
    def workspace_bytes(self, input_shape: Axes | Array) -> int:
        """The most memory that each thread needs for inputs of this shape besides arrays and weights; threads keep it.

        Whatever the strides of the arrays and the number of images and threads; some need less.
        """
        return self._layer.workspace_bytes(input_shape)

    def _unusual(self) -> dict[str, Any]:
        """The options that are not as they are by default."""
        return {name: getattr(self, name) for name, usual in OPTIONS.items() if getattr(self, name) != usual}

    def __repr__(self) -> str:
        arrays = {"weights": self.weights, "bias": self.bias}
        parts = [f"{name}={_shown(array)}" for name, array in arrays.items()]
        parts += [f"{name}={value!r}" for name, value in self._unusual().items()]
        return f"Conv2d({', '.join(parts)})"

    if not TYPE_CHECKING:  # type checkers are to know which attributes there are

        def __getattr__(self, name: str) -> Any:
            """Called where there is no such attribute."""
            if name in ("weights", "bias", "_layer", *OPTIONS):
                raise AttributeError(f"{name}: this Conv2d is not made yet; call super().__init__(weights, ...) first")
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

        def __setattr__(self, name: str, value: object) -> None:
            self._refuse_change(name)
            super().__setattr__(name, value)

        def __delattr__(self, name: str) -> None:
            self._refuse_change(name)
            super().__delattr__(name)

    @staticmethod
    def _refuse_change(name: str) -> None:
        for own in ("weights", "bias", *OPTIONS):
            if name.removesuffix("s") == own.removesuffix("s"):  # PyTorch's weight, Keras's strides
                raise AttributeError(f"{name}: a Conv2d does not change; make another one")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_layer"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._make(state | {name: _kept(state[name]) for name in ("weights", "bias")})

    def __copy__(self) -> Conv2d:
        other = type(self).__new__(type(self))
        other._make(self.__getstate__())
        return other

    def _make(self, state: dict[str, Any]) -> None:
        state = OPTIONS | state  # that of a version with fewer of them, perhaps
        options = {name: state[name] for name in OPTIONS}
        vars(self).update(state, _layer=_core.ConvLayer(state["weights"], state["bias"], **options))


def _kept(array: Array | None) -> Array | None:
    """A copy that nobody can change: what is seen of it is read-only for good."""
    return None if array is None else np.asarray(array.copy().data.toreadonly())


def _fixed(value: Any) -> Any:
    """An option that cannot change: tuples for lists and arrays."""
    if isinstance(value, np.ndarray) and value.size <= 4:  # more are no option
        value = value.tolist()
    return tuple(map(_fixed, value)) if isinstance(value, (list, tuple)) else value


def _shown(array: Array | None) -> str:
    return "None" if array is None else f"<{array.dtype} {array.shape}>"
