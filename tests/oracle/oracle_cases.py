"""Random calls of every operation, each with the answer or the error it must get. A case is its seed: the same
(operation, dtype, values, seed) gives the same call for ever.

`values` says what the arrays hold:
    normal    random reals                 the answer has a tolerance
    integer   small whole numbers          every sum is exact, so the answer must be exact as well
    special   reals, NaN, infinities, zeros of both signs
"""

import collections.abc
import random

import numpy as np

import oracle
from layers_client import Call
from oracle import EXPLICIT, SAME_LOWER, SAME_UPPER, Answer, Refused

Case = tuple[Call, Answer | Refused]
POOL_MODES = ("max", "average", "lp")  # in the order of enum class PoolMode
DEFECT_RATE = 0.06  # of the calls have one thing wrong with them; about as many more ask for a window that does not fit


class Draw:
    """The random choices of one case."""

    def __init__(self, operation: str, dtype: np.dtype, values: str, seed: int):
        self.random = random.Random(f"{operation} {np.dtype(dtype).name} {values} {seed}")
        self.numpy = np.random.default_rng(self.random.getrandbits(64))
        self.dtype, self.values = np.dtype(dtype), values

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def integer(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def choice(self, options: collections.abc.Sequence):
        return self.random.choice(options)

    def array(self, shape: tuple[int, ...]) -> np.ndarray:
        if self.values == "integer":
            return self.numpy.integers(-8, 9, shape).astype(self.dtype)
        x = self.numpy.standard_normal(shape).astype(self.dtype)
        if self.values == "special":
            odd = self.numpy.random(shape) < self.choice((0.02, 0.1, 0.5))
            x[odd] = self.numpy.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], np.count_nonzero(odd))
        return x

    def layout(self, call: Call, *names: str) -> Call:
        """Lays out some arrays of the call with gaps, other orders of the axes and negative or zero strides."""
        for name in names:
            shape = call.output_shape if name in ("output", "indices") else call.arrays[name].shape
            if not self.chance(0.4):
                continue
            order = list(range(len(shape)))
            if self.chance(0.4):
                self.random.shuffle(order)
            strides, step = [0] * len(shape), self.integer(1, 3)
            for axis in reversed(order):
                strides[axis] = step * self.choice((1, 1, -1))
                step = step * max(shape[axis], 1) + self.choice((0, 0, 1, 5))
            if name in call.arrays and self.chance(0.2):
                axis = self.integer(0, len(shape) - 1)
                strides[axis] = 0
                first = np.take(call.arrays[name], [0] if shape[axis] else [], axis=axis)
                call.arrays[name] = np.broadcast_to(first, shape)
            call.strides[name] = tuple(strides)
        return call


def _axis(draw: Draw, pooling: bool, same: bool) -> tuple[int, int, int, int, int, int]:
    """length, window, stride, dilation, before, after: nearly always a window that fits."""
    length = 1 if draw.chance(0.1) else draw.integer(1, 12)
    window = draw.integer(1, 5)
    stride = draw.integer(13, 20) if draw.chance(0.05) else draw.integer(1, 4)
    dilation = draw.integer(2, 4) if draw.chance(0.3) else 1
    before, after = ((0, 0) if same or draw.chance(0.3) else (draw.integer(0, 3), draw.integer(0, 3)))
    if not same and draw.chance(0.1):
        after = 0
    if draw.chance(0.1):
        window, dilation = length + before + after, 1
    if draw.chance(0.97):
        if pooling:
            before, after = min(before, (window - 1) * dilation), min(after, (window - 1) * dilation)
        if (window - 1) * dilation >= length + before + after and not same:
            window, dilation = min(window, length + before + after), 1
        if pooling:
            before, after = min(before, window * dilation - 1), min(after, window * dilation - 1)
    return length, window, stride, dilation, before, after


def _geometry(draw: Draw, pooling: bool) -> tuple[tuple[int, int], tuple[int, int], dict]:
    """Image, window and the options stride, dilation and padding."""
    same = draw.chance(0.2)
    high, wide = _axis(draw, pooling, same), _axis(draw, pooling, same)
    rule = draw.choice((SAME_UPPER, SAME_LOWER)) if same else EXPLICIT
    options = {"stride": (high[2], wide[2]), "dilation": (high[3], wide[3]),
               "padding": (high[4], high[5], wide[4], wide[5], rule)}
    return (high[0], wide[0]), (high[1], wide[1]), options


def _batch(draw: Draw) -> int:
    return 0 if draw.chance(0.05) else draw.integer(1, 3)


def _with(pair: tuple[int, ...], draw: Draw, value: int) -> tuple[int, ...]:
    """The tuple with one of its first two (or four) numbers replaced."""
    changed = list(pair)
    changed[draw.integer(0, 1 if len(pair) == 2 else 3)] = value
    return tuple(changed)


def _break_window_options(draw: Draw, call: Call, defects: dict) -> None:
    """Adds the defects that convolution and pooling share."""
    options = call.options
    for name in ("stride", "dilation"):
        defects[name] = ("ParameterError", lambda name=name: options.update(
            {name: _with(options[name], draw, draw.choice((0, -1, -2**63)))}))
    defects["padding"] = ("ParameterError", lambda: options.update(padding=_broken_padding(draw, options["padding"])))
    defects["input"] = ("ShapeError", lambda: call.arrays.update(
        input=np.zeros(_zero_axis(draw, call.arrays["input"].shape), call.dtype)))
    defects["output"] = ("ShapeError", lambda: setattr(call, "output_shape", _longer_axis(draw, call.output_shape)))


def _broken_padding(draw: Draw, padding: tuple[int, ...]) -> tuple[int, ...]:
    if draw.chance(0.5):
        return _with(padding, draw, draw.choice((-1, -2**63)))
    return (*_with((0, 0, 0, 0), draw, draw.integer(1, 3)), draw.choice((SAME_UPPER, SAME_LOWER)))


def _zero_axis(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    axis = draw.integer(1, 3)
    return tuple(0 if i == axis else length for i, length in enumerate(shape))


def _longer_axis(draw: Draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    axis = draw.integer(0, len(shape) - 1)
    return tuple(length + (i == axis) for i, length in enumerate(shape))


def _finish(draw: Draw, call: Call, compute: collections.abc.Callable[[], Answer], defects: dict) -> Case:
    """Computes the answer, then gives some calls one of the defects (argument: kind of error, how to make it)."""
    try:
        with np.errstate(all="ignore"):
            answer = compute()
    except Refused as refused:
        return call, refused
    call.output_shape = answer.value.shape
    if not draw.chance(DEFECT_RATE):
        draw.layout(call, "output", *(["indices"] if call.indices else []))
        return call, answer
    argument = draw.choice(list(defects))
    kind, make = defects[argument]
    make()
    call.strides.clear()
    return call, Refused(kind, argument)


def conv_forward(seed: int, dtype: np.dtype, values: str) -> Case:
    draw = Draw("conv_forward", dtype, values, seed)
    image, window, options = _geometry(draw, pooling=False)
    groups = draw.choice((1, 1, 1, 2, 3, 4))
    group_inputs, group_outputs = draw.integer(1, 8 // groups), draw.integer(1, 8 // groups)
    if draw.chance(0.1):
        groups, group_inputs, group_outputs = draw.integer(1, 8), 1, draw.choice((1, 1, 2))  # depthwise
    activations = (0, 1, 2) if values == "integer" else (0, 0, 1, 2, 3, 4, 5)
    options |= {"groups": groups, "activation": draw.choice(activations), "slope": draw.choice((0.01, 0.25, -0.5, 2.0)),
                "algorithm": draw.integer(0, 1), "numerics": draw.integer(0, 1)}
    if draw.chance(0.3):
        options["progress"] = 1
    x = draw.array((_batch(draw), *image, groups * group_inputs))
    weights = draw.array((*window, group_inputs, groups * group_outputs))
    call = Call("conv_forward", draw.dtype, {"input": x, "weights": weights}, (1, 1, 1, 1), options)
    if draw.chance(0.7):
        call.arrays["bias"] = draw.array((weights.shape[3],))
    draw.layout(call, *call.arrays)

    def compute() -> Answer:
        arrays = call.arrays
        if draw.chance(0.3):
            rows, columns = oracle.resolve(x.shape, window, options, "weights (KH, KW)")
            arrays["residual"] = draw.array((x.shape[0], len(rows.taps), len(columns.taps), weights.shape[3]))
            draw.layout(call, "residual")
            call.in_place = draw.chance(0.5)
        return oracle.conv_forward(arrays["input"], arrays["weights"], arrays.get("bias"), arrays.get("residual"),
                                   options)

    defects = {
        "groups": ("ParameterError", lambda: options.update(groups=draw.choice((0, -1, groups * group_inputs + 1)))),
        "weights": ("ShapeError", lambda: call.arrays.update(weights=np.zeros(draw.choice(
            ((*window, group_inputs + 1, weights.shape[3]), (*window, group_inputs, 0))), dtype))),
        "activation": ("ParameterError", lambda: options.update(activation=draw.choice((-1, 6, 100)))),
        "slope": ("ParameterError", lambda: options.update(slope=draw.choice(("nan", "inf")))),
        "algorithm": ("ParameterError", lambda: options.update(algorithm=draw.choice((-1, 99)))),
        "numerics": ("ParameterError", lambda: options.update(numerics=draw.choice((-1, 2)))),
    }
    for name in ("bias", "residual"):
        first = 3 if name == "bias" else 0
        defects[name] = ("ShapeError", lambda name=name, first=first: call.arrays.update(
            {name: np.zeros(_longer_axis(draw, call.output_shape[first:]), dtype)}))
    _break_window_options(draw, call, defects)
    call, expected = _finish(draw, call, compute, defects)
    if isinstance(expected, Refused):
        call.in_place = False
    return call, expected


def conv_single_step(seed: int, dtype: np.dtype, values: str) -> Case:
    draw = Draw("conv_single_step", dtype, values, seed)
    shape = (1, draw.integer(1, 12), draw.integer(1, 12), draw.integer(1, 8))
    a, weights, b = draw.array(shape), draw.array(shape), draw.array((1,))
    call = Call("conv_single_step", draw.dtype, {"input": a, "weights": weights, "bias": b}, (1, 1, 1, 1))
    draw.layout(call, "input", "weights", "bias")

    def compute() -> Answer:
        answer = oracle.conv_single_step(call.arrays["input"], call.arrays["weights"], call.arrays["bias"][0])
        return Answer(answer.value.reshape(1, 1, 1, 1), answer.tolerance)

    return _finish(draw, call, compute, {
        "a_slice_prev": ("ShapeError", lambda: call.arrays.update(
            input=np.zeros((1, *_longer_axis(draw, shape[1:])), dtype))),
        "W": ("ShapeError", lambda: call.arrays.update(weights=np.zeros(_zero_axis(draw, shape), dtype))),
        "b": ("ShapeError", lambda: call.arrays.update(bias=np.zeros(draw.choice((0, 2, 3)), dtype)))})


def pool_forward(seed: int, dtype: np.dtype, values: str, mode: str) -> Case:
    draw = Draw(f"pool_forward {mode}", dtype, values, seed)
    image, window, options = _geometry(draw, pooling=True)
    if draw.chance(0.05):  # global
        window, options = image, {"stride": (1, 1), "dilation": (1, 1), "padding": (0, 0, 0, 0, EXPLICIT)}
    options |= {"window": window, "mode": POOL_MODES.index(mode), "numerics": draw.integer(0, 1)}
    options |= {name: 1 for name in ("ceil_mode", "count_include_pad", "progress") if draw.chance(0.4)}
    if mode == "lp":
        options["p"] = draw.choice((1.0, 2.0) if values == "integer" else (1.0, 2.0, 3.0, 2.5))
    x = draw.array((_batch(draw), *image, draw.integer(1, 8)))
    call = Call("pool_forward", draw.dtype, {"input": x}, (1, 1, 1, 1), options,
                indices=mode == "max" and draw.chance(0.7))
    draw.layout(call, "input")

    def compute() -> Answer:
        if mode == "lp" and values == "integer" and options["p"] == 2:  # the root of an exact sum, rounded once
            squares = oracle.pool_forward(call.arrays["input"]**2, window, mode, {**options, "p": 1})
            return Answer(np.sqrt(squares.value.astype(dtype)))
        return oracle.pool_forward(call.arrays["input"], window, mode, options)

    defects = {
        "window": ("ParameterError", lambda: options.update(window=_with(window, draw, draw.choice((0, -1, -2**63))))),
        "mode": ("ParameterError", lambda: options.update(mode=draw.choice((-1, 3, 100)))),
        "numerics": ("ParameterError", lambda: options.update(numerics=draw.choice((-1, 2)))),
    }
    if mode == "lp":
        defects["p"] = ("ParameterError", lambda: options.update(p=draw.choice((0.5, 0.0, -1.0, "nan", "inf"))))
    _break_window_options(draw, call, defects)
    call, expected = _finish(draw, call, compute, defects)
    if isinstance(expected, Refused):
        call.indices = False
    return call, expected


def zero_pad(seed: int, dtype: np.dtype, values: str) -> Case:
    draw = Draw("zero_pad", dtype, values, seed)
    x = draw.array((_batch(draw), draw.integer(1, 12), draw.integer(1, 12), draw.integer(1, 8)))
    sides = tuple(draw.integer(0, 4) for _ in range(4))
    call = Call("zero_pad", draw.dtype, {"input": x}, (1, 1, 1, 1), {"padding": (*sides, EXPLICIT)})
    if draw.chance(0.2):
        sides = sides[:1] * 4
        call.operation, call.options = "zero_pad_notebook", {"pad": sides[0]}
        defects = {"pad": ("ParameterError", lambda: call.options.update(pad=draw.choice((-1, -2**63))))}
    else:
        defects = {"padding": ("ParameterError", lambda: call.options.update(
            padding=draw.choice((_broken_padding(draw, (*sides, EXPLICIT)), (0, 0, 0, 0, SAME_UPPER)))))}
        defects["output"] = ("ShapeError", lambda: setattr(call, "output_shape", _longer_axis(draw, call.output_shape)))
    own_name = "X" if call.operation == "zero_pad_notebook" else "input"
    defects[own_name] = ("ShapeError", lambda: call.arrays.update(input=np.zeros(_zero_axis(draw, x.shape), dtype)))
    draw.layout(call, "input")
    return _finish(draw, call, lambda: oracle.zero_pad(call.arrays["input"], sides), defects)


def activation_forward(seed: int, dtype: np.dtype, values: str) -> Case:
    draw = Draw("activation_forward", dtype, values, seed)
    x = draw.array((_batch(draw), draw.integer(1, 12), draw.integer(1, 12), draw.integer(1, 8)))
    if values == "normal":
        x *= draw.dtype.type(draw.choice((1e-6, 1, 1, 10, 1000)))
    options = {"activation": draw.integer(0, 2 if values == "integer" else 5),
               "slope": draw.choice((0.01, 0.25, -0.5, 0.0, 3.0))}
    call = Call("activation_forward", draw.dtype, {"input": x}, (1, 1, 1, 1), options, in_place=draw.chance(0.4))
    draw.layout(call, "input")
    name = oracle.ACTIVATIONS[options["activation"]]
    call, expected = _finish(
        draw, call, lambda: oracle.activation_forward(call.arrays["input"], name, options["slope"]),
        {"activation": ("ParameterError", lambda: options.update(activation=draw.choice((-1, 6, 100)))),
         "slope": ("ParameterError", lambda: options.update(slope=draw.choice(("nan", "inf", "-inf")))),
         "input": ("ShapeError", lambda: _empty_image(draw, call)),
         "output": ("ShapeError", lambda: setattr(call, "output_shape", _longer_axis(draw, call.output_shape)))})
    if isinstance(expected, Refused):
        call.in_place = False
    return call, expected


def _empty_image(draw: Draw, call: Call) -> None:
    call.output_shape = _zero_axis(draw, call.output_shape)
    call.arrays["input"] = np.zeros(call.output_shape, call.dtype)
