"""Random calls of every gradient, each with the answer or the error it must get; as oracle_cases.py for the layers."""

import numpy as np

import backward_oracle
import oracle
from layers_client import Call
from oracle import EXPLICIT, SAME_UPPER, Answer, Refused
from oracle_cases import (
    POOL_MODES, Case, Draw, _batch, _break_window_options, _broken_padding, _empty_image, _finish, _geometry,
    _longer_axis, _with, _zero_axis)

TIES = ("first", "all")  # in the order of enum class PoolTies


def _start(draw: Draw, call: Call, shape: tuple[int, ...]) -> np.ndarray | None:
    """Some calls add to what the output holds."""
    if not draw.chance(0.4):
        return None
    call.arrays["start"] = draw.array(shape)
    return call.arrays["start"]


def _pool_case(draw: Draw, operation: str) -> tuple[Call, tuple[int, ...], tuple[int, int]]:
    """The call without its arrays, the shape of the input and the window."""
    image, window, options = _geometry(draw, pooling=True)
    if draw.chance(0.05):  # global
        window, options = image, {"stride": (1, 1), "dilation": (1, 1), "padding": (0, 0, 0, 0, EXPLICIT)}
    options |= {"window": window, "numerics": draw.integer(0, 1)}
    options |= {name: 1 for name in ("ceil_mode", "count_include_pad", "progress") if draw.chance(0.4)}
    return Call(operation, draw.dtype, {}, (1, 1, 1, 1), options), (_batch(draw), *image, draw.integer(1, 8)), window


def _grad_of_pool(draw: Draw, shape: tuple[int, ...], window: tuple[int, int], options: dict) -> np.ndarray:
    try:
        rows, columns = oracle.resolve(shape, window, options, "window")
        return draw.array((shape[0], len(rows.taps), len(columns.taps), shape[3]))
    except Refused:
        return draw.array((shape[0], 1, 1, shape[3]))


def _break_pool(draw: Draw, call: Call, window: tuple[int, int], shape: tuple[int, ...], read: str) -> dict:
    """The defects of both forms; `read` names the array whose shape is that of the images."""
    options, defects = call.options, {}
    _break_window_options(draw, call, defects)
    del defects["input"], defects["output"]
    return defects | {
        "window": ("ParameterError", lambda: options.update(window=_with(window, draw, draw.choice((0, -1, -2**63))))),
        "numerics": ("ParameterError", lambda: options.update(numerics=draw.choice((-1, 2)))),
        "grad": ("ShapeError", lambda: call.arrays.update(
            grad=np.zeros(_longer_axis(draw, call.arrays["grad"].shape), call.dtype))),
        read: ("ShapeError", lambda: _break_images(draw, call, shape, read)),
    }


def _break_images(draw: Draw, call: Call, shape: tuple[int, ...], read: str) -> None:
    call.arrays.pop("start", None)
    if read == "input":
        call.arrays["input"] = np.zeros(_zero_axis(draw, shape), call.dtype)
    else:
        call.output_shape = _zero_axis(draw, shape)


def _without_start_where_refused(case: Case) -> Case:
    call, expected = case
    if isinstance(expected, Refused):
        call.arrays.pop("start", None)
    return case


def pool_backward(seed: int, dtype: np.dtype, values: str, mode: str, ties: str) -> Case:
    draw = Draw(f"pool_backward {mode} {ties}", dtype, values, seed)
    call, shape, window = _pool_case(draw, "pool_backward")
    options = call.options
    options |= {"mode": POOL_MODES.index(mode), "ties": TIES.index(ties)}
    if mode == "lp":
        options["p"] = 1.0 if values == "integer" else draw.choice((1.0, 2.0, 3.0, 2.5, 1.25))
    x = draw.array(shape)
    if mode == "max" and draw.chance(0.5):  # few numbers, many ties
        x = draw.numpy.choice(np.array([1.0, 0.0, -0.0, -1.0], dtype), shape)
    call.arrays |= {"input": x, "grad": _grad_of_pool(draw, shape, window, options)}
    draw.layout(call, "input", "grad")
    start = _start(draw, call, shape)
    defects = _break_pool(draw, call, window, shape, "input") | {
        "mode": ("ParameterError", lambda: options.update(mode=draw.choice((-1, 3, 100)))),
        "ties": ("ParameterError", lambda: options.update(ties=draw.choice((-1, 2)))),
        "input_grad": ("ShapeError", lambda: _longer_output(draw, call)),
    }
    return _without_start_where_refused(_finish(draw, call, lambda: backward_oracle.pool_backward(
        call.arrays["grad"], call.arrays["input"], window, mode, ties, options, start), defects))


def _longer_output(draw: Draw, call: Call) -> None:
    call.arrays.pop("start", None)
    call.output_shape = _longer_axis(draw, call.output_shape)


def pool_backward_by_indices(seed: int, dtype: np.dtype, values: str) -> Case:
    draw = Draw("pool_backward_by_indices", dtype, values, seed)
    call, shape, window = _pool_case(draw, "pool_backward_by_indices")
    call.output_shape = shape
    grad = _grad_of_pool(draw, shape, window, call.options)
    pixels = shape[1] * shape[2]
    call.arrays |= {"grad": grad, "where": draw.numpy.integers(0, pixels, grad.shape)}
    draw.layout(call, "grad", "where")
    start = _start(draw, call, shape)

    def lead_astray() -> None:
        where = np.array(call.arrays["where"])
        where.flat[draw.integer(0, where.size - 1)] = draw.choice((-1, pixels, -2**63, 2**63 - 1))
        call.arrays["where"] = where

    defects = _break_pool(draw, call, window, shape, "input_grad")
    defects["mode"] = ("ParameterError", lambda: call.options.update(mode=draw.choice((1, 2, -1, 3))))
    defects["indices"] = ("ShapeError", lambda: call.arrays.update(
        where=np.zeros(_longer_axis(draw, grad.shape), np.int64)))
    if grad.size and draw.chance(0.7):
        defects["indices"] = ("ParameterError", lead_astray)
    return _without_start_where_refused(_finish(draw, call, lambda: backward_oracle.pool_backward_by_indices(
        call.arrays["grad"], call.arrays["where"], shape, window, call.options, start), defects))


def zero_pad_backward(seed: int, dtype: np.dtype, values: str) -> Case:
    draw = Draw("zero_pad_backward", dtype, values, seed)
    sides = tuple(draw.integer(0, 4) for _ in range(4))
    H, W = draw.integer(1, 12), draw.integer(1, 12)
    grad = draw.array((_batch(draw), H + sides[0] + sides[1], W + sides[2] + sides[3], draw.integer(1, 8)))
    call = Call("zero_pad_backward", draw.dtype, {"grad": grad}, (1, 1, 1, 1), {"padding": (*sides, EXPLICIT)})
    draw.layout(call, "grad")
    return _finish(draw, call, lambda: backward_oracle.zero_pad_backward(call.arrays["grad"], sides), {
        "padding": ("ParameterError", lambda: call.options.update(
            padding=draw.choice((_broken_padding(draw, (*sides, EXPLICIT)), (0, 0, 0, 0, SAME_UPPER))))),
        "grad": ("ShapeError", lambda: setattr(call, "output_shape", _longer_axis(draw, call.output_shape))),
        "input_grad": ("ShapeError", lambda: setattr(call, "output_shape", _zero_axis(draw, call.output_shape)))})


def activation_backward(seed: int, dtype: np.dtype, values: str) -> Case:
    draw = Draw("activation_backward", dtype, values, seed)
    shape = (_batch(draw), draw.integer(1, 12), draw.integer(1, 12), draw.integer(1, 8))
    x = draw.array(shape)
    if values == "normal":
        x *= draw.dtype.type(draw.choice((1e-6, 1, 1, 10, 1000)))
    options = {"activation": draw.integer(0, 3 if values == "integer" else 5),
               "slope": draw.choice((0.01, 0.25, -0.5, 0.0, 3.0))}
    if draw.chance(0.4):
        options["in_place_of"] = draw.choice(("grad", "input"))
    call = Call("activation_backward", draw.dtype, {"input": x, "grad": draw.array(shape)}, (1, 1, 1, 1), options)
    draw.layout(call, "input", "grad")
    name = oracle.ACTIVATIONS[options["activation"]]
    call, expected = _finish(
        draw, call, lambda: backward_oracle.activation_backward(
            call.arrays["grad"], call.arrays["input"], name, options["slope"]),
        {"activation": ("ParameterError", lambda: options.update(activation=draw.choice((-1, 6, 100)))),
         "slope": ("ParameterError", lambda: options.update(slope=draw.choice(("nan", "inf", "-inf")))),
         "input": ("ShapeError", lambda: _empty_image(draw, call)),
         "grad": ("ShapeError", lambda: call.arrays.update(grad=np.zeros(_longer_axis(draw, shape), dtype))),
         "input_grad": ("ShapeError", lambda: setattr(call, "output_shape", _longer_axis(draw, call.output_shape)))})
    if isinstance(expected, Refused):
        options.pop("in_place_of", None)
    return call, expected
