"""Random calls of the gradients of convolution, each with the answer or the error it must get; as backward_cases.py for
the others. All ways to compute them are asked for but Winograd's, whose errors are another promise."""

import collections.abc

import numpy as np

import backward_oracle
import oracle
from backward_cases import _start, _without_start_where_refused
from layers_client import Call
from oracle import Answer
from oracle_cases import Case, Draw, _batch, _broken_padding, _finish, _geometry, _longer_axis, _with, _zero_axis

AUTO, REFERENCE, DIRECT = range(3)  # enum class ConvAlgorithm
FAST, NUMPY = range(2)  # enum class Numerics
WINDOW = {"input": "weights (KH, KW)"}  # else that of the gradient


class ConvCase:
    """The geometry and options of one call, without its arrays."""

    def __init__(self, of: str, seed: int, dtype: np.dtype, values: str):
        self.of, self.draw = of, Draw(f"conv_backward_{of}", dtype, values, seed)
        draw = self.draw
        image, self.window, options = _geometry(draw, pooling=False)
        groups = draw.choice((1, 1, 1, 2, 3, 4))
        group_inputs, group_outputs = draw.integer(1, 8 // groups), draw.integer(1, 8 // groups)
        if draw.chance(0.1):
            groups, group_inputs, group_outputs = draw.integer(1, 8), 1, draw.choice((1, 1, 2))  # depthwise
        numerics, algorithm = draw.choice(((FAST, AUTO), (FAST, DIRECT), (NUMPY, AUTO), (FAST, REFERENCE)))
        options |= {"groups": groups, "numerics": numerics, "algorithm": algorithm, "threads": draw.integer(0, 3)}
        if draw.chance(0.3):
            options["progress"] = 1
        self.input_shape = (_batch(draw), *image, groups * group_inputs)
        self.weights_shape = (*self.window, group_inputs, groups * group_outputs)
        self.call = Call(f"conv_backward_{of}", draw.dtype, {}, (1, 1, 1, 1), options)
        if of == "bias":
            options["weights_shape"] = self.weights_shape

    def gradient(self, shape: tuple[int, ...], names: tuple[str, ...], exact: collections.abc.Callable,
                 terms: int | None = None) -> Case:
        """The call for the gradient of this shape. exact(arrays, start) computes it, from the arrays of these names and
        the gradient of the output, in their type. Each element is a sum of so many terms at most, or else of one for each
        pixel of the output."""
        draw, call, options = self.draw, self.call, self.call.options
        for name in names:
            call.arrays[name] = draw.array(self.input_shape if name == "input" else self.weights_shape)
        draw.layout(call, *names)
        call.output_shape = shape
        call.arrays["grad"] = draw.array((self.input_shape[0], 1, 1, self.weights_shape[3]))
        start = _start(draw, call, shape)

        def compute() -> Answer:
            argument = WINDOW.get(self.of, "weights_grad (KH, KW)")
            rows, columns = oracle.resolve(self.input_shape, self.window, options, argument)
            size = (self.input_shape[0], len(rows.taps), len(columns.taps), self.weights_shape[3])
            call.arrays["grad"] = draw.array(size)
            draw.layout(call, "grad")
            arrays = {name: array for name, array in call.arrays.items() if name != "start"}
            if options["numerics"] == NUMPY or options["algorithm"] == REFERENCE:
                return exact(arrays, start)
            return self._within_rounding(arrays, exact, start, terms or size[0] * size[1] * size[2])

        return _without_start_where_refused(_finish(draw, call, compute, self._defects()))

    def _within_rounding(self, arrays: dict[str, np.ndarray], exact: collections.abc.Callable,
                         start: np.ndarray | None, terms: int) -> Answer:
        wide = oracle.WIDE[self.draw.dtype]
        def of(change: collections.abc.Callable) -> np.ndarray:
            changed = {name: change(array.astype(wide)) for name, array in arrays.items()}
            return exact(changed, None if start is None else change(start.astype(wide))).value
        value = of(lambda array: array)
        if self.draw.values == "integer":
            return Answer(value)
        # Every product is rounded once at most, and every sum as often as there are terms, and one more for what was there.
        dtype = self.draw.dtype
        return Answer(value, oracle.gamma(terms + 2, dtype) * of(np.abs) + terms * np.finfo(dtype).smallest_subnormal)

    def _defects(self) -> dict:
        draw, call, options = self.draw, self.call, self.call.options
        channels, outputs = self.weights_shape[2:]
        defects = {name: ("ParameterError", lambda name=name: options.update(
            {name: _with(options[name], draw, draw.choice((0, -1, -2**63)))})) for name in ("stride", "dilation")}
        defects |= {
            "padding": ("ParameterError", lambda: options.update(padding=_broken_padding(draw, options["padding"]))),
            "groups": ("ParameterError", lambda: options.update(groups=draw.choice((0, -1, 1000)))),
            "activation": ("ParameterError", lambda: options.update(activation=draw.choice((-1, 1, 6)))),
            "algorithm": ("ParameterError", lambda: options.update(algorithm=draw.choice((-1, 99)))),
            "numerics": ("ParameterError", lambda: options.update(numerics=draw.choice((-1, 2)))),
            "threads": ("ParameterError", lambda: options.update(threads=draw.choice((-1, 2**40)))),
            "grad": ("ShapeError", lambda: call.arrays.update(
                grad=np.zeros(_longer_axis(draw, call.arrays["grad"].shape), call.dtype))),
        }
        wrong_weights = draw.choice(((*self.window, channels + 1, outputs), (*self.window, channels, 0)))
        if self.of == "input":
            defects["weights"] = ("ShapeError", lambda: call.arrays.update(weights=np.zeros(wrong_weights, call.dtype)))
            defects["input_grad"] = ("ShapeError", lambda: self._give_output(_zero_axis(draw, self.input_shape)))
            return defects
        defects["input"] = ("ShapeError", lambda: call.arrays.update(
            input=np.zeros(_zero_axis(draw, self.input_shape), call.dtype)))
        if self.of == "weights":
            defects["weights_grad"] = ("ShapeError", lambda: self._give_output(wrong_weights))
        else:
            defects["bias_grad"] = ("ShapeError", lambda: self._give_output((1, 1, 1, outputs + 1)))
        return defects

    def _give_output(self, shape: tuple[int, ...]) -> None:
        self.call.arrays.pop("start", None)
        self.call.output_shape = shape


def conv_backward_input(seed: int, dtype: np.dtype, values: str) -> Case:
    case = ConvCase("input", seed, dtype, values)
    return case.gradient(case.input_shape, ("weights",), lambda arrays, start: backward_oracle.conv_backward_input(
        arrays["grad"], arrays["weights"], case.input_shape, case.call.options, start),
        case.window[0] * case.window[1] * case.weights_shape[3])


def conv_backward_weights(seed: int, dtype: np.dtype, values: str) -> Case:
    case = ConvCase("weights", seed, dtype, values)
    return case.gradient(case.weights_shape, ("input",), lambda arrays, start: backward_oracle.conv_backward_weights(
        arrays["input"], arrays["grad"], case.weights_shape, case.call.options, start))


def conv_backward_bias(seed: int, dtype: np.dtype, values: str) -> Case:
    case = ConvCase("bias", seed, dtype, values)
    return case.gradient((1, 1, 1, case.weights_shape[3]), ("input",),
                         lambda arrays, start: backward_oracle.conv_backward_bias(arrays["grad"], start))
