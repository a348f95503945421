"""Wrong options: the exact kind of error, and a message with the argument, what was given and what was expected."""

import math
import pickle
import re
from typing import Any

import numpy as np
import pytest

import convstep
from package_faces import IMAGES, STEP, WEIGHTS, WINDOW, ones

X, W, B = ones(*IMAGES), ones(*WEIGHTS), ones(1, 1, 1, 8)
POOLS = {"max_pool2d": {}, "avg_pool2d": {}, "l2_pool2d": {}, "lp_pool2d": {"p": 3}}


class Index:
    """An integer of somebody else's making."""

    def __index__(self) -> int:
        return 2


class BrokenIndex:
    def __index__(self) -> int:
        raise RuntimeError("broken on purpose")


NO_INTEGERS = (2.5, 2.0, True, False, "2", math.nan, math.inf, np.float64(2), np.bool_(True), 2j, b"2", {}, [],
               object(), np.array([2, 3, 4]), np.array(2.0))
TOO_LARGE = (2**63, -2**63 - 1, 10**30)
INTEGERS = (2, np.int64(2), np.int8(2), np.uint64(2), np.array(2), Index())


def refused(kind: type[Exception], argument: str, given: Any, call: Any, *arguments: Any, **options: Any) -> str:
    """The call must raise this kind of error with "argument: got given, expected ..."."""
    with pytest.raises(kind) as raised:
        call(*arguments, **options)
    message = str(raised.value)
    assert type(raised.value) is kind and "got" in message and "expected" in message, repr(raised.value)
    assert message.startswith(argument), message
    if given is not None:
        assert str(given) in message, message
    return message


def integer_options() -> list[tuple[str, Any, dict, str]]:
    """function, arguments, the other options, option"""
    conv = [("conv2d", (X, W), {}, name) for name in ("stride", "padding", "dilation", "groups", "threads")]
    layer = [("Conv2d", (W,), {}, name) for name in ("stride", "padding", "dilation", "groups")]
    pools = [(pool, (X,), {"kernel_size": 2, **own}, name) for pool, own in POOLS.items()
             for name in ("kernel_size", "stride", "padding", "dilation", "threads")]
    globals_ = [(f"global_{mode}_pool2d", (X,), {}, "threads") for mode in ("max", "avg", "l2")]
    return [*conv, *layer, *pools, *globals_, ("pad2d", (X,), {}, "padding")]


every_integer = pytest.mark.parametrize("function, arguments, others, option", integer_options(),
                                        ids=[f"{name}-{option}" for name, _, _, option in integer_options()])


@every_integer
def test_what_is_no_integer(function: str, arguments: Any, others: dict, option: str) -> None:
    call = getattr(convstep, function)
    for wrong in NO_INTEGERS:
        if option == "padding" and isinstance(wrong, str):
            refused(ValueError, "padding", "'2'", call, *arguments, **{**others, option: wrong})
            continue
        refused(TypeError, option, None, call, *arguments, **{**others, option: wrong})
    for wrong in TOO_LARGE:
        refused(ValueError, option, wrong, call, *arguments, **{**others, option: wrong})
    with pytest.raises(RuntimeError, match="broken on purpose"):
        call(*arguments, **{**others, option: BrokenIndex()})


@every_integer
def test_what_is_an_integer(function: str, arguments: Any, others: dict, option: str) -> None:
    call = getattr(convstep, function)
    if option == "padding" and "kernel_size" in others:
        others = {**others, "kernel_size": 3}
    if option == "groups":
        arguments = (*arguments[:-1], W[:, :, :2])
    results = [call(*arguments, **{**others, option: number}) for number in INTEGERS]
    if function != "Conv2d":
        assert all((result == results[0]).all() for result in results)
    if option not in ("groups", "threads", "padding"):
        for pair in ((2, 1), [2, 1], (np.int64(2), 1), np.array([2, 1]), np.array([2, 1], np.uint8)):
            call(*arguments, **{**others, option: pair})
        for wrong in ((2,), (2, 2, 2), (2, 2.5), (2, True), ("2", 2), (2, None), np.array([2, 2.5])):
            refused(TypeError, option, None, call, *arguments, **{**others, option: wrong})


@every_integer
def test_what_is_out_of_range(function: str, arguments: Any, others: dict, option: str) -> None:
    call = getattr(convstep, function)
    wrong = {"padding": (-1, -2**62, (0, -1), ((0, 0), (0, -1)), 2**62, 2**63 - 1),
             "threads": (-1, 0, 1025, 10**9, 2**62), "groups": (-1, 0, 3, 2**62),
             "kernel_size": (0, -1, 7, (5, 7), 2**63 - 1), "stride": (0, -1, (1, 0), -2**63),
             "dilation": (0, -1, (0, 1), -2**63, 2**63 - 1)}[option]
    for value in wrong:
        if function == "Conv2d" and option == "padding" and value in (2**62, 2**63 - 1):
            continue  # too large only together with an input
        hint = {"dilation": "", "padding": ""}.get(option, option)  # which of two sizes is too large, who can say
        refused(ValueError, hint, None, call, *arguments, **{**others, option: value})


def test_values_that_are_large_but_valid() -> None:
    assert convstep.conv2d(X, W, stride=65536).shape == (2, 1, 1, 8)
    assert convstep.conv2d(X, W, stride=2**63 - 1).shape == (2, 1, 1, 8)
    assert convstep.max_pool2d(X, kernel_size=2, stride=2**62).shape == (2, 1, 1, 4)
    assert convstep.conv_forward(X, W, B, {"stride": 2**63 - 1, "pad": 0})[0].shape == (2, 1, 1, 8)
    assert convstep.conv2d(X, W, threads=1024).shape == (2, 3, 4, 8)
    assert convstep.conv2d(X, W[:1, :1], dilation=2**62).shape == (2, 5, 6, 8)


def test_a_window_that_hangs_over_by_one_row() -> None:
    """int((2 - 3) / 2) + 1 is 1 where the division truncates."""
    for call in (lambda: convstep.pool_forward(ones(1, 2, 2, 1), {"stride": 2, "f": 3}),
                 lambda: convstep.max_pool2d(ones(1, 2, 2, 1), kernel_size=3, stride=2),
                 lambda: convstep.conv2d(ones(1, 2, 2, 1), ones(3, 3, 1, 1), stride=2),
                 lambda: convstep.conv_forward(ones(1, 2, 2, 1), ones(3, 3, 1, 1), ones(1, 1, 1, 1),
                                               {"stride": 2, "pad": 0})):
        with pytest.raises(ValueError, match=r"the window \(3, 3\) is larger than the padded input \(2, 2\)"):
            call()


@pytest.mark.parametrize("key", ["stride", "pad", "f"])
def test_hyperparameters(key: str) -> None:
    def call(hparameters: Any) -> Any:
        if key == "f":
            return convstep.pool_forward(X, hparameters)[0]
        return convstep.conv_forward(X, W, B, hparameters)[0]

    usual = WINDOW if key == "f" else STEP
    for wrong in NO_INTEGERS:
        refused(TypeError, f"{key}: got ", None, call, {**usual, key: wrong})
    for wrong in (*TOO_LARGE, -1, -2**63, *((0,) if key != "pad" else ())):
        refused(ValueError, f"{key}: got ", wrong, call, {**usual, key: wrong})
    for wrong in (2**62, 2**63 - 1) if key != "stride" else ():
        refused(ValueError, "", None, call, {**usual, key: wrong})
    missing = {name: value for name, value in usual.items() if name != key}
    assert key in refused(ValueError, "hparameters", None, call, missing)
    for wrong in (None, 2, "stride", [("stride", 1)], {"stride", "pad", "f"}, ()):
        refused(TypeError, "hparameters", None, call, wrong)
    for unknown in ("unknown", 7, None):
        refused(ValueError, "hparameters", None, call, {**usual, unknown: object()})
    for number in INTEGERS:
        assert (call({**usual, key: number}) == call({**usual, key: 2})).all()


def test_the_pad_of_zero_pad() -> None:
    for wrong in (*NO_INTEGERS, None, (1, 1)):
        refused(TypeError, "pad", None, convstep.zero_pad, X, wrong)
    for wrong in (-1, -2**63, *TOO_LARGE):
        refused(ValueError, "pad", wrong, convstep.zero_pad, X, wrong)
    for wrong in (2**62, 2**63 - 1):
        refused(ValueError, "", None, convstep.zero_pad, X, wrong)
    for number in INTEGERS:
        assert convstep.zero_pad(X, number).shape == (2, 9, 10, 4)


def test_the_mode_of_pool_forward() -> None:
    for wrong in ("MAX", "", "avg", "mean", "max ", "m\u00e4x", "max\0", "\ud800"):
        refused(ValueError, "mode", None, convstep.pool_forward, X, WINDOW, wrong)
    for wrong in (None, 1, b"max", ["max"], max):
        refused(TypeError, "mode", None, convstep.pool_forward, X, WINDOW, wrong)
    assert convstep.pool_forward(X, WINDOW, np.str_("max"))[0].shape == (2, 2, 3, 4)


@pytest.mark.parametrize("option, right, wrong_type", [
    ("activation", (None, "relu", "relu6", "leaky_relu", "sigmoid", "tanh"), (1, True, b"relu", max, ["relu"])),
    ("layout", ("NHWC",), (None, 1, b"NHWC", ["NHWC"])),
    ("padding", ("valid", "same", "same_upper", "same_lower"),
     (None, 1.0, b"same", {"top": 1}, (1,), (1, 2, 3), (1, 1, 1, 1), ((1, 1),), ((1, 1), 1), ((1, 1, 1), (1, 1)),
      ((1, 1.0), (1, 1)), ("same", "same"), np.ones((2, 2))))])
def test_words(option: str, right: tuple, wrong_type: tuple) -> None:
    for call in (lambda **options: convstep.conv2d(X, W, **options), lambda **options: convstep.Conv2d(W, **options)):
        for word in right:
            call(**{option: word})
        for word in ("", "ReLU", "nhwc", "HWCN", "SAME", "full", "relu ", "r\u00e9lu", "relu\0", "\ud800"):
            refused(ValueError, option, None, call, **{option: word})
        for wrong in wrong_type:
            refused(TypeError, option, None, call, **{option: wrong})


def test_numbers_that_are_no_integers() -> None:
    for wrong in ("1", None, True, np.bool_(True), 1j, [1.0], np.array([1.0, 2.0])):
        refused(TypeError, "slope", None, convstep.conv2d, X, W, slope=wrong)
        refused(TypeError, "p:", None, convstep.lp_pool2d, X, kernel_size=2, p=wrong)
    for wrong in (math.nan, math.inf, -math.inf, 10**400):
        refused(ValueError, "slope", None, convstep.conv2d, X, W, activation="leaky_relu", slope=wrong)
        refused(ValueError, "p:", None, convstep.lp_pool2d, X, kernel_size=2, p=wrong)
    for wrong in (0, 0.5, -1, -math.inf):
        refused(ValueError, "p:", None, convstep.lp_pool2d, X, kernel_size=2, p=wrong)
    for number in (2, 2.0, np.float32(2), np.int16(2)):
        assert convstep.lp_pool2d(X, kernel_size=2, p=number)[0, 0, 0, 0] == 2
        assert convstep.conv2d(-X, W, activation="leaky_relu", slope=number)[0, 0, 0, 0] == -72


def test_switches() -> None:
    for function, option in (("max_pool2d", "ceil_mode"), ("max_pool2d", "return_indices"),
                             ("avg_pool2d", "count_include_pad"), ("l2_pool2d", "ceil_mode")):
        for wrong in (0, 1, None, "yes", 1.0, [True]):
            refused(TypeError, option, None, getattr(convstep, function), X, kernel_size=2, **{option: wrong})
        for right in (True, False, np.bool_(True), np.bool_(False)):
            getattr(convstep, function)(X, kernel_size=2, **{option: right})


def test_padding_that_would_make_an_empty_window() -> None:
    for name, own in POOLS.items():
        message = refused(ValueError, "padding", None, getattr(convstep, name), X, kernel_size=2, padding=2, **own)
        assert "wholly on padding" in message


def test_arguments_that_are_not_there() -> None:
    for call in (lambda: convstep.zero_pad(X), lambda: convstep.conv2d(X), lambda: convstep.max_pool2d(X),
                 lambda: convstep.conv2d(X, W, strides=1), lambda: convstep.pad2d(X),
                 lambda: convstep.lp_pool2d(X, kernel_size=2), lambda: convstep.conv_forward(X, W, B),
                 lambda: convstep.Conv2d(), lambda: convstep.Conv2d(W)()):
        with pytest.raises(TypeError):
            call()


class Emptying:
    """Asked for its value, it empties the list that it stands in."""

    def __init__(self, list_: list):
        self.list = list_

    def __index__(self) -> int:
        self.list.clear()
        return 1


def test_a_list_that_changes_while_it_is_read() -> None:
    for option in ("stride", "padding", "dilation"):
        sizes: list = []
        sizes += [Emptying(sizes), 10**20 - 10**20 + 1]
        assert convstep.conv2d(X, W, **{option: sizes}).size > 0
    sides: list = []
    sides += [[Emptying(sides), 1], [1, 1]]
    assert convstep.conv2d(X, W, padding=sides).shape == (2, 5, 6, 8)


def test_the_object_says_what_it_is() -> None:
    layer = convstep.Conv2d(W, ones(8), stride=2, padding="same", activation="relu")
    assert repr(layer) == ("Conv2d(weights=<float64 (3, 3, 4, 8)>, bias=<float64 (8,)>, stride=2, padding='same', "
                           "activation='relu')")
    for part in ("3x3", "4 to 8 channels", "float64", "stride 2", "same", "relu", "NHWC"):
        assert part in layer.describe()
    assert re.fullmatch(r"\d+\.\d+\.\d+", convstep.__version__)


def test_the_object_keeps_its_own_weights() -> None:
    w, b = W.copy(), ones(8)
    layer = convstep.Conv2d(w, b)
    before = layer(X)
    w[...] = b[...] = 0
    np.testing.assert_array_equal(layer(X), before)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(layer))(X), before)
