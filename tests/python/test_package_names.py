"""Names that the package, its functions and its layers do not have: what is near, or what to do instead."""

import collections.abc
import inspect
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

import convstep
from package_faces import IMAGES, WEIGHTS, ones

X, W = ones(*IMAGES), ones(*WEIGHTS)
MODES = "each mode has its own function: max_pool2d, avg_pool2d, l2_pool2d, lp_pool2d"
ZEROS = "it pads with zeros; for other values, use np.pad first"


@pytest.mark.parametrize("name, hint", [
    ("MaxPool2d", "did you mean 'max_pool2d'?"), ("MaxPooling2D", "did you mean 'max_pool2d'?"),
    ("AvgPool2d", "did you mean 'avg_pool2d'?"), ("AveragePooling2D", "did you mean 'avg_pool2d'?"),
    ("LPPool2d", "did you mean 'lp_pool2d'?"), ("ZeroPad2d", "did you mean 'zero_pad'?"),
    ("GlobalAveragePooling2D", "did you mean 'global_avg_pool2d'?"),
    ("AdaptiveMaxPool2d", "did you mean 'global_max_pool2d'?"), ("Conv2D", "did you mean 'Conv2d'?"),
    ("conv_2d", "did you mean 'conv2d'?"), ("maxpool", "did you mean 'max_pool2d'?"),
    ("get_num_threads", "did you mean 'num_threads'?"), ("version", "did you mean '__version__'?"),
    ("zeropad", "did you mean 'zero_pad'?"), ("drew", "did you mean 'draw'?"),
    ("relu", 'an activation is an option: conv2d(..., activation="relu")'),
    ("LeakyReLU", 'an activation is an option: conv2d(..., activation="leaky_relu")'),
    ("relu_backward", 'write activation_backward(grad, input, "relu")'),
    ("max_pool_backward", "did you mean 'max_pool2d_backward'?"), ("nn", None), ("Linear", "did you mean 'linear'?"),
    ("Dense", "did you mean 'linear'?"), ("fully_connected", "did you mean 'linear'?"),
    ("CrossEntropyLoss", "did you mean 'softmax_cross_entropy'?"), ("cross_entropy", "did you mean 'softmax_cross_entropy'?"),
    ("linear_backward_input", "did you mean 'linear_backward'?"), ("zero_pad_backward", "did you mean 'pad2d_backward'?"), ("__wrapped__", None),
])
def test_names_of_the_package(name: str, hint: str | None) -> None:
    with pytest.raises(AttributeError) as raised:
        getattr(convstep, name)
    assert str(raised.value) == f"module 'convstep' has no attribute {name!r}" + (f"; {hint}" if hint else "")
    assert not hasattr(convstep, name)


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.max_pool2d(X, 2, mode="average"), f"max_pool2d() has no argument 'mode'; {MODES}"),
    (lambda: convstep.pad2d(X, 1, mode="reflect"), f"pad2d() has no argument 'mode'; {ZEROS}"),
    (lambda: convstep.zero_pad(X, 1, constant_values=1), f"zero_pad() has no argument 'constant_values'; {ZEROS}"),
    (lambda: convstep.Conv2d(W, padding_mode="zeros"), f"Conv2d() has no argument 'padding_mode'; {ZEROS}"),
    (lambda: convstep.conv2d(X, W, dtype=np.float32),
     "conv2d() has no argument 'dtype'; the dtype is that of the arrays: write input.astype(np.float32), say"),
    (lambda: convstep.pool_forward(X, f=2, stride=2),
     'pool_forward() has no argument \'f\'; write hparameters={"f": ..., "stride": ...}'),
    (lambda: convstep.conv_forward(X, W, None, pad=2),
     'conv_forward() has no argument \'pad\'; write hparameters={"stride": ..., "pad": ...}'),
])
def test_names_of_arguments(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize("name", ["weights", "weight", "bias", "stride", "strides", "paddings", "algorithm"])
def test_a_layer_cannot_be_changed_by_any_name(name: str) -> None:
    layer = convstep.Conv2d(W)
    with pytest.raises(AttributeError, match=f"^{name}: a Conv2d does not change; make another one$"):
        setattr(layer, name, 2)
    with pytest.raises(AttributeError, match=f"^{name}: a Conv2d does not change; make another one$"):
        delattr(layer, name)
    layer.name = "first"
    del layer.name
    with pytest.raises(AttributeError, match="^'Conv2d' object has no attribute 'name'$"):
        layer.name


class Unmade(convstep.Conv2d):
    def __init__(self, scale: float):  # without super().__init__
        self.scale = scale


@pytest.mark.parametrize("use", [lambda layer: layer(X), repr, lambda layer: layer.stride, lambda layer: layer.describe()])
def test_a_layer_that_was_not_made_says_so(use: collections.abc.Callable) -> None:
    for layer in (Unmade(2.0), convstep.Conv2d.__new__(convstep.Conv2d)):
        with pytest.raises(AttributeError, match=r": this Conv2d is not made yet; call super\(\).__init__\(weights, ...\)"):
            use(layer)


def test_the_source_folder_is_no_package(tmp_path: pathlib.Path) -> None:
    """It lacks what is compiled, and Python looks there first if it is started there."""
    source = pathlib.Path(convstep.__file__).parent
    shutil.copytree(source, tmp_path / "convstep", ignore=shutil.ignore_patterns("_core*.so", "__pycache__"))
    done = subprocess.run([sys.executable, "-c", "import convstep"], cwd=tmp_path, capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"ImportError: {tmp_path}/convstep/__init__.py is without its compiled half"), done.stderr


def test_help_without_matplotlib() -> None:
    """Whatever looks at all names of the package, as help() does, needs no extra."""
    program = """
import sys
sys.modules["matplotlib"] = None  # not to be found
import inspect, pydoc, convstep

names = dict(inspect.getmembers(convstep))
assert "conv2d" in names and "draw" not in names and "max_pool2d" in pydoc.render_doc(convstep)
try:
    convstep.draw
except ImportError as error:
    assert str(error) == "convstep.draw needs matplotlib: pip install 'convstep[draw]'"
"""
    subprocess.run([sys.executable, "-c", program], check=True)
    assert "draw" in dict(inspect.getmembers(convstep))
