"""The notebook's dictionaries of hyperparameters: no key is passed over that somebody may believe is heeded."""

import collections
import collections.abc
import types

import numpy as np
import pytest

import convstep
from package_faces import IMAGES, STEP, WEIGHTS, WINDOW, ones

X, W, B = ones(*IMAGES), ones(*WEIGHTS), ones(1, 1, 1, 8)


def conv(hparameters: collections.abc.Mapping, weights: object = W) -> np.ndarray:
    return convstep.conv_forward(X, weights, B, hparameters)[0]


def pool(hparameters: collections.abc.Mapping) -> np.ndarray:
    return convstep.pool_forward(X, hparameters)[0]


@pytest.mark.parametrize("call, message", [
    (lambda: pool(WINDOW | {"mode": "average"}), "the key 'mode', expected 'stride' and 'f' alone "
     "(the mode is an argument of its own: pool_forward(A_prev, hparameters, 'average'))"),
    (lambda: pool(WINDOW | {"pad": 2}), "the key 'pad', expected 'stride' and 'f' alone "
     "(pool_forward does not pad: write zero_pad(A_prev, 2))"),
    (lambda: pool(WINDOW | {"ceil_mode": True}), "the key 'ceil_mode', expected 'stride' and 'f' alone "
     "(max_pool2d takes it)"),
    (lambda: pool(WINDOW | {"strides": 1}), "the key 'strides', expected 'stride' and 'f' alone"),
    (lambda: pool(WINDOW | {7: 1}), "the key 7, expected 'stride' and 'f' alone"),
    (lambda: conv(STEP | {"dilation": 2}), "the key 'dilation', expected 'stride' and 'pad' alone (conv2d takes it)"),
    (lambda: conv(STEP | {"padding": 1}), "the key 'padding', expected 'stride' and 'pad' alone (conv2d takes it)"),
    (lambda: conv(STEP | {"A": 1}), "the key 'A', expected 'stride' and 'pad' alone"),
])
def test_keys_that_are_not_heeded(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == f"hparameters: got {message}"


@pytest.mark.parametrize("f, weights", [(5, W), (3, W[:2])])
def test_a_window_that_is_not_that_of_the_weights(f: int, weights: np.ndarray) -> None:
    with pytest.raises(ValueError) as raised:
        conv(STEP | {"f": f}, weights)
    assert str(raised.value) == f"hparameters['f']: got {f}, expected that of W, {weights.shape[:2]}, or none"


def test_one_dictionary_for_both() -> None:
    both = {"stride": 2, "pad": 0, "f": 3}
    np.testing.assert_array_equal(conv(both), conv({"stride": 2, "pad": 0}))
    np.testing.assert_array_equal(pool(both), pool({"stride": 2, "f": 3}))
    _, cache = convstep.pool_forward(X, both)
    assert cache[1] is both


@pytest.mark.parametrize("make", [
    types.MappingProxyType, collections.OrderedDict, collections.UserDict, lambda keys: collections.ChainMap({}, keys)])
def test_other_mappings(make: collections.abc.Callable) -> None:
    np.testing.assert_array_equal(pool(make(WINDOW)), pool(WINDOW))
    with pytest.raises(ValueError, match="^hparameters: got the key 'mode'"):
        pool(make(WINDOW | {"mode": "max"}))


@pytest.mark.parametrize("wrong", [X, X[0, 0, 0], [("f", 2)], "f", None, 2], ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_dictionary(wrong: object) -> None:
    """An array, for one, where the arguments are in another order."""
    for call in (lambda: convstep.pool_forward(X, wrong), lambda: convstep.conv_forward(X, W, B, wrong)):
        with pytest.raises(TypeError, match="^hparameters: got .*, expected a dictionary"):
            call()
