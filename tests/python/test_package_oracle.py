"""The package against oracle.py: random shapes, options, dtypes and arrangements of the arrays in memory.

Hypothesis draws the geometry and a seed; the rest of a case follows from the seed (see package_cases.py).
"""

import collections.abc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import convstep
import oracle
from oracle import EXPLICIT, SAME_LOWER, SAME_UPPER, Refused
from package_cases import Case, check, filters_first, kept

EXAMPLES = settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 2**32 - 1)
# length, window, stride, dilation, padding before and after
AXES = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3),
                 st.integers(0, 3))
SHAPES = st.tuples(st.integers(0, 3), st.integers(1, 8), st.integers(1, 8), st.integers(1, 5))
RULES = st.sampled_from((EXPLICIT, EXPLICIT, EXPLICIT, SAME_UPPER, SAME_LOWER))
ACTIVATIONS = (None, None, "relu", "relu6", "leaky_relu", "sigmoid", "tanh")
ORACLE_ACTIVATION = {None: 0, "relu": 1, "relu6": 2, "leaky_relu": 3, "sigmoid": 4, "tanh": 5}

Axis = tuple[int, int, int, int, int, int]


class Geometry:
    """Image, window and the options that say how it moves: nearly always a window that fits."""

    def __init__(self, case: Case, high: Axis, wide: Axis, rule: int, pooling: bool):
        high, wide = self._fitting(case, high, pooling), self._fitting(case, wide, pooling)
        self.image, self.window = (high[0], wide[0]), (high[1], wide[1])
        padding = (*high[4:], *wide[4:]) if rule == EXPLICIT else (0, 0, 0, 0)
        if case.chance(0.3):
            padding = padding[:1] * 4
        self.options = {"stride": (high[2], wide[2]), "dilation": (high[3], wide[3]), "padding": (*padding, rule)}

    @staticmethod
    def _fitting(case: Case, axis: Axis, pooling: bool) -> Axis:
        length, window, stride, dilation, before, after = axis
        if case.chance(0.95):
            if pooling:
                before, after = min(before, window - 1), min(after, window - 1)
            window = min(window, length + before + after)
            if (window - 1) * dilation >= length + before + after:
                dilation = 1
        return length, window, stride, dilation, before, after

    def spelled(self, case: Case) -> dict:
        """The options as Python users write them; what has its default may be left out."""
        written = {name: case.spelled(self.options[name]) for name in ("stride", "dilation")}
        written["padding"] = case.spelled_padding(self.options["padding"])
        if self.options["dilation"] == (1, 1) and case.chance(0.5):
            del written["dilation"]
        return written


def expect(answer_of: collections.abc.Callable, call: collections.abc.Callable) -> oracle.Answer | None:
    """The oracle's answer; None where it refuses the call, after the package has done so too."""
    try:
        with np.errstate(all="ignore"):
            return answer_of()
    except Refused as refused:
        name = {"window": "kernel_size"}.get(refused.argument, refused.argument)
        with pytest.raises(ValueError) as raised:
            call()
        assert str(raised.value).startswith(f"{name}: got "), str(raised.value)
        return None


def conv_case(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple, planned: bool) -> None:
    case = Case(seed)
    geometry = Geometry(case, high, wide, rule, pooling=False)
    groups = case.choice((1, 1, 1, 2, 3))
    x, given_x = case.input((shape[0], *geometry.image, groups * shape[1]))
    weights = case.repeated(case.array((*geometry.window, shape[1], groups * shape[2]), weights_type := case.dtype()))
    given_weights = case.given(filters_first(weights) if case.layout == "NCHW" else weights, weights_type)
    bias, given_bias = case.input((groups * shape[2],)) if case.chance(0.7) else (None, None)
    activation = case.choice(ACTIVATIONS)
    fixed = {**geometry.spelled(case), "groups": groups, "activation": activation, "slope": case.choice((0.01, 2))}
    options = {**geometry.options, "groups": groups, "activation": ORACLE_ACTIVATION[activation],
               "slope": fixed["slope"]}
    varying = {}

    def call() -> np.ndarray:
        if planned:
            layer = convstep.Conv2d(given_weights, given_bias, **fixed, layout=case.layout)
            return layer(given_x, **varying)
        return convstep.conv2d(given_x, given_weights, given_bias, **fixed, layout=case.layout, **varying)

    residual = None
    if case.chance(0.3):
        try:
            rows, columns = oracle.resolve(x.shape, geometry.window, options, "")
            output = (x.shape[0], len(rows.taps), len(columns.taps), weights.shape[3])
            residual, varying["residual"] = case.input(output)
        except Refused:
            pass  # the call without it will be refused as well
    arrays = x, weights, bias, residual
    dtype = kept(*arrays)
    cast = [None if array is None else array.astype(dtype) for array in arrays]
    if (answer := expect(lambda: oracle.conv_forward(*cast, options), call)) is not None:
        varying["out"] = case.out(answer, dtype)
        check(case, answer, call(), varying["out"], dtype)


@EXAMPLES
@given(SEEDS, AXES, AXES, RULES, SHAPES)
def test_conv2d(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple) -> None:
    conv_case(seed, high, wide, rule, shape, planned=False)


@EXAMPLES
@given(SEEDS, AXES, AXES, RULES, SHAPES)
def test_conv2d_as_an_object(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple) -> None:
    conv_case(seed, high, wide, rule, shape, planned=True)


def pool_case(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple, name: str, mode: str, extra: dict) -> None:
    case = Case(seed)
    geometry = Geometry(case, high, wide, rule, pooling=True)
    x, given_x = case.input((shape[0], *geometry.image, shape[3]))
    written = {**geometry.spelled(case), **extra, "ceil_mode": case.chance(0.4)}
    if case.chance(0.15):
        geometry.options["stride"] = geometry.window
        written["stride"] = None
    if mode == "average":
        written["count_include_pad"] = case.chance(0.5)
    want_indices = mode == "max" and case.chance(0.6)
    if want_indices:
        written["return_indices"] = True
    options = {**written, **geometry.options, "p": written.get("p", 2)}
    written |= {"kernel_size": case.spelled(geometry.window), "layout": case.layout}
    dtype = kept(x)

    def call() -> np.ndarray:
        return getattr(convstep, name)(given_x, **written)

    answer = expect(lambda: oracle.pool_forward(x.astype(dtype), geometry.window, mode, options), call)
    if answer is None:
        return
    written["out"] = case.out(answer, dtype)
    got = call()
    output, indices = got if want_indices else (got, None)
    check(case, answer, output, written["out"], dtype, indices)
    if want_indices:
        assert indices.dtype == np.int64 and indices.flags.c_contiguous
    if mode == "max":
        np.testing.assert_array_equal(np.signbit(output), np.signbit(case.ordered(answer.value)))


@EXAMPLES
@given(SEEDS, AXES, AXES, RULES, SHAPES)
def test_max_pool2d(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple) -> None:
    pool_case(seed, high, wide, rule, shape, "max_pool2d", "max", {})


@EXAMPLES
@given(SEEDS, AXES, AXES, RULES, SHAPES)
def test_avg_pool2d(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple) -> None:
    pool_case(seed, high, wide, rule, shape, "avg_pool2d", "average", {})


@EXAMPLES
@given(SEEDS, AXES, AXES, RULES, SHAPES)
def test_l2_pool2d(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple) -> None:
    pool_case(seed, high, wide, rule, shape, "l2_pool2d", "lp", {})


@EXAMPLES
@given(SEEDS, AXES, AXES, RULES, SHAPES, st.sampled_from((1, 2, 3, 2.5, np.float32(1.5))))
def test_lp_pool2d(seed: int, high: Axis, wide: Axis, rule: int, shape: tuple, p: float) -> None:
    pool_case(seed, high, wide, rule, shape, "lp_pool2d", "lp", {"p": p})


@pytest.mark.parametrize("name, mode", [("global_max_pool2d", "max"), ("global_avg_pool2d", "average"),
                                        ("global_l2_pool2d", "lp")])
@EXAMPLES
@given(SEEDS, SHAPES)
def test_global_pools(name: str, mode: str, seed: int, shape: tuple) -> None:
    case = Case(seed)
    x, given_x = case.input(shape)
    with np.errstate(all="ignore"):
        answer = oracle.pool_forward(x.astype(dtype := kept(x)), shape[1:3], mode, {})
    out = case.out(answer, dtype)
    check(case, answer, getattr(convstep, name)(given_x, out=out, layout=case.layout), out, dtype)


@EXAMPLES
@given(SEEDS, SHAPES, st.tuples(*[st.integers(0, 3)] * 4))
def test_pad2d(seed: int, shape: tuple, sides: tuple) -> None:
    case = Case(seed)
    x, given_x = case.input(shape)
    sides = sides[:1] * 4 if case.chance(0.3) else sides
    answer = oracle.zero_pad(x.astype(dtype := kept(x)), sides)
    out = case.out(answer, dtype)
    padding = case.spelled_padding((*sides, EXPLICIT))
    check(case, answer, convstep.pad2d(given_x, padding=padding, out=out, layout=case.layout), out, dtype)


@EXAMPLES
@given(SEEDS, SHAPES, st.integers(0, 4))
def test_zero_pad(seed: int, shape: tuple, pad: int) -> None:
    case = Case(seed)
    case.layout = "NHWC"
    x, given_x = case.input(shape)
    answer = oracle.zero_pad(x.astype(dtype := kept(x)), (pad,) * 4)
    check(case, answer, convstep.zero_pad(given_x, pad), None, dtype)


@EXAMPLES
@given(SEEDS, st.tuples(*[st.integers(1, 9)] * 3))
def test_conv_single_step(seed: int, shape: tuple) -> None:
    case = Case(seed)
    (a, given_a), (weights, given_weights), (b, given_b) = (case.input(s) for s in (shape, shape, (1, 1, 1)))
    dtype = kept(a, weights, b)
    with np.errstate(all="ignore"):
        answer = oracle.conv_single_step(a.astype(dtype), weights.astype(dtype), b.astype(dtype)[0, 0, 0])
    number = convstep.conv_single_step(given_a, given_weights, given_b)
    assert type(number) is dtype.type
    case.layout = "NHWC"
    check(case, answer, np.array(number), None, dtype)


@EXAMPLES
@given(SEEDS, AXES, SHAPES, st.integers(1, 9))
def test_conv_forward(seed: int, axis: Axis, shape: tuple, width: int) -> None:
    case = Case(seed)
    case.layout = "NHWC"
    height, f, stride, _, pad, _ = axis
    A_prev, given_A_prev = case.input((shape[0], height, width, shape[1]))
    W, given_W = case.input((f, f, shape[1], shape[2]))
    b, given_b = case.input((1, 1, 1, shape[2]))
    dtype = kept(A_prev, W, b)
    hparameters = {"stride": stride, "pad": pad}

    def answer_of() -> oracle.Answer:
        try:
            return oracle.conv_forward(A_prev.astype(dtype), W.astype(dtype), b[0, 0, 0].astype(dtype), None,
                                       {"stride": (stride, stride), "padding": (pad,) * 4 + (EXPLICIT,)})
        except Refused as refused:
            raise Refused(refused.kind, "W (f, f)") from refused

    answer = expect(answer_of, lambda: convstep.conv_forward(given_A_prev, given_W, given_b, hparameters))
    if answer is not None:
        Z, cache = convstep.conv_forward(given_A_prev, given_W, given_b, hparameters)
        check(case, answer, Z, None, dtype)
        assert all(kept_one is one for kept_one, one in zip(cache, (given_A_prev, given_W, given_b, hparameters),
                                                            strict=True))


@EXAMPLES
@given(SEEDS, AXES, SHAPES, st.integers(1, 9), st.sampled_from(("max", "average")))
def test_pool_forward(seed: int, axis: Axis, shape: tuple, width: int, mode: str) -> None:
    case = Case(seed)
    case.layout = "NHWC"
    height, f, stride, *_ = axis
    A_prev, given_A_prev = case.input((shape[0], height, width, shape[3]))
    hparameters = {"f": f, "stride": stride}

    def answer_of() -> oracle.Answer:
        try:
            return oracle.pool_forward(A_prev.astype(kept(A_prev)), (f, f), mode, {"stride": (stride, stride)})
        except Refused as refused:
            raise Refused(refused.kind, "f") from refused

    answer = expect(answer_of, lambda: convstep.pool_forward(given_A_prev, hparameters, mode))
    if answer is not None:
        A, cache = convstep.pool_forward(given_A_prev, hparameters, mode)
        check(case, answer, A, None, kept(A_prev))
        assert cache[0] is given_A_prev and cache[1] is hparameters and len(cache) == 2
