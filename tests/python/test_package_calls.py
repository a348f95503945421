"""Calls that do not fit a function: one line says what is wrong, and what may have been meant."""

import collections.abc
import copy
import gc
import inspect
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import convstep
from package_faces import IMAGES, WEIGHTS, ones

X, W = ones(*IMAGES), ones(*WEIGHTS)
CLASSES = ("Adam", "Conv2d", "History", "Network", "Page", "Sgd")
OF_PYTHON = ("explain",)  # nobody waits for these: they are not compiled
FUNCTIONS = [getattr(convstep, name) for name in convstep.__all__ if name not in ("__version__", *CLASSES)]
every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.conv2d(X, W, pad=2), "conv2d() has no argument 'pad'; did you mean 'padding'?"),
    (lambda: convstep.conv2d(X, W, strides=2), "conv2d() has no argument 'strides'; did you mean 'stride'?"),
    (lambda: convstep.conv2d(X, weight=W), "conv2d() has no argument 'weight'; did you mean 'weights'?"),
    (lambda: convstep.conv2d(X, filters=W), "conv2d() has no argument 'filters'; did you mean 'weights'?"),
    (lambda: convstep.conv2d(X, W, data_format="NHWC"), "conv2d() has no argument 'data_format'; did you mean 'layout'?"),
    (lambda: convstep.conv2d(X, W, mode="same"), "conv2d() has no argument 'mode'; did you mean 'padding'?"),
    (lambda: convstep.conv2d(X, W, auto_pad="SAME_UPPER"), "conv2d() has no argument 'auto_pad'; did you mean 'padding'?"),
    (lambda: convstep.conv2d(X, W, dilation_rate=2), "conv2d() has no argument 'dilation_rate'; did you mean 'dilation'?"),
    (lambda: convstep.conv2d(X, W, act="relu"), "conv2d() has no argument 'act'; did you mean 'activation'?"),
    (lambda: convstep.conv2d(X, W, shortcut=X), "conv2d() has no argument 'shortcut'; did you mean 'residual'?"),
    (lambda: convstep.max_pool2d(X, pool_size=2), "max_pool2d() has no argument 'pool_size'; did you mean 'kernel_size'?"),
    (lambda: convstep.max_pool2d(X, ksize=2), "max_pool2d() has no argument 'ksize'; did you mean 'kernel_size'?"),
    (lambda: convstep.zero_pad(X, qqq=2), "zero_pad() has no argument 'qqq'; it has 'X' and 'pad'"),
    (lambda: convstep.zero_pad(X, padding=2), "zero_pad() has no argument 'padding'; did you mean 'pad'?"),
    (lambda: convstep.set_num_threads(thread=2), "set_num_threads() has no argument 'thread'; did you mean 'threads'?"),
    (lambda: convstep.num_threads(x=2), "num_threads() has no argument 'x', and none at all"),
    (lambda: convstep.num_threads(2), "num_threads() takes no arguments, got 1"),
    (lambda: convstep.conv2d(X), "conv2d() needs 'weights', too"),
    (lambda: convstep.conv_forward(X, W), "conv_forward() needs 'b' and 'hparameters', too"),
    (lambda: convstep.lp_pool2d(X, kernel_size=2), "lp_pool2d() needs 'p', too"),
    (lambda: convstep.conv2d(X, W, input=X), "conv2d() got 'input' twice, as argument 1 and by its name"),
    (lambda: convstep.zero_pad(X, 1, 2), "zero_pad() takes up to 2 arguments without names (X, pad), got 3"),
    (lambda: convstep.avg_pool2d(X, 2, 2, 0, True),
     "avg_pool2d() takes up to 4 arguments without names (input, kernel_size, stride, padding), got 5; the others need "
     "their names: dilation=, ceil_mode=, count_include_pad=, out=, threads=, layout=, numerics="),
    (lambda: convstep.Conv2d(W, pad=1), "Conv2d() has no argument 'pad'; did you mean 'padding'?"),
    (lambda: convstep.Conv2d(), "Conv2d() needs 'weights', too"),
    (lambda: convstep.Conv2d(W, None, 1),
     "Conv2d() takes up to 2 arguments without names (weights, bias), got 3; the others need their names: stride=, "
     "padding=, dilation=, groups=, activation=, slope=, layout=, numerics=, algorithm="),
    (lambda: convstep.Conv2d(W).output_shape(shape=X.shape),
     "Conv2d.output_shape() has no argument 'shape'; did you mean 'input_shape'?"),
])
def test_one_line_says_what_is_wrong(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        call()
    assert str(raised.value) == message


def test_keywords_that_are_made_while_the_program_runs() -> None:
    """Their strings are not those of the source code."""
    name = "".join(["str", "ide"])
    assert convstep.conv2d(X, W, **{name: 2}).shape == (2, 2, 2, 8)


def test_a_call_gives_back_what_it_holds() -> None:
    for call in (lambda: convstep.conv2d(X, W), lambda: convstep.conv2d(X, W, pad=2), lambda: convstep.conv2d(X[0], W)):
        gc.collect()  # what failed calls of other tests hold
        before = sys.getrefcount(X), sys.getrefcount(W)
        for _ in range(50):
            try:
                call()
            except (TypeError, ValueError):
                pass
        assert (sys.getrefcount(X), sys.getrefcount(W)) == before


@pytest.mark.parametrize("positional, named", [
    (lambda: convstep.conv2d(X, W[:, :, :2], None, 2, 1, 1, 2),
     lambda: convstep.conv2d(X, W[:, :, :2], stride=2, padding=1, dilation=1, groups=2)),
    (lambda: convstep.max_pool2d(X, 3, 2, 1, 1, True),
     lambda: convstep.max_pool2d(X, kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=True)),
    (lambda: convstep.avg_pool2d(X, 3, 2, 1), lambda: convstep.avg_pool2d(X, kernel_size=3, stride=2, padding=1)),
    (lambda: convstep.l2_pool2d(X, 3, 2, 1), lambda: convstep.l2_pool2d(X, kernel_size=3, stride=2, padding=1)),
    (lambda: convstep.lp_pool2d(X, 3, 2, 1), lambda: convstep.lp_pool2d(X, p=3, kernel_size=2, stride=1)),
    (lambda: convstep.pad2d(X, 1), lambda: convstep.pad2d(X, padding=1)),
])
def test_the_order_of_pytorch(positional: collections.abc.Callable, named: collections.abc.Callable) -> None:
    np.testing.assert_array_equal(positional(), named())


@every_function
def test_a_function_shows_its_signature(function: Any) -> None:
    signature = inspect.signature(function)
    assert "*" not in "".join(parameter.name for parameter in signature.parameters.values())
    assert function.__qualname__ == function.__name__
    if function.__name__ not in OF_PYTHON:
        assert inspect.isbuiltin(function) and function.__text_signature__.startswith("(")
        assert function.__module__ == "convstep"
    with pytest.raises(TypeError, match=rf"^{function.__name__}\(\) has no argument 'nonsense'"):
        function(nonsense=1)


@every_function
def test_a_function_is_pickled_and_copied_by_name(function: Any) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(function, protocol)) is function
    assert copy.copy(function) is function and copy.deepcopy(function) is function


def test_a_layer_shows_its_weights_and_options() -> None:
    sizes = [2, 1]
    layer = convstep.Conv2d(W, [0] * 8, stride=sizes, padding=np.array([[1, 0], [0, 1]]), slope=np.float32(0.5))
    sizes[0] = 9
    np.testing.assert_array_equal(layer.weights, W)
    assert layer.bias is not None and layer.bias.dtype == np.float64
    assert (layer.stride, layer.padding, layer.slope) == ((2, 1), ((1, 0), (0, 1)), 0.5)
    assert (layer.dilation, layer.groups, layer.activation, layer.layout, layer.algorithm) == (1, 1, None, "NHWC", "auto")
    assert str(inspect.signature(convstep.Conv2d)).startswith("(weights: ")
    with pytest.raises(ValueError, match="read-only"):
        layer.weights[...] = 0
    with pytest.raises(AttributeError, match="^stride: a Conv2d does not change; make another one$"):
        layer.stride = 2


def test_pictures_are_there_without_an_import_of_their_own() -> None:
    program = """
import sys, convstep
assert "matplotlib" not in sys.modules and "draw" in dir(convstep)
assert convstep.draw.volume is not None and "matplotlib" in sys.modules
try:
    convstep.drew
except AttributeError as error:
    assert "'drew'" in str(error)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
