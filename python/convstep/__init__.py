"""Convolutional neural networks, step by step: the building blocks of the notebook, and the ecosystem's beside them.

The notebook's functions have its names, arguments and results: `zero_pad`, `conv_single_step`, `conv_forward`,
`pool_forward`, and on the way back `conv_backward`, `create_mask_from_window`, `distribute_value`, `pool_backward`. The
others are called as elsewhere: `conv2d`, `max_pool2d`, `avg_pool2d`, `l2_pool2d`, `lp_pool2d`, `global_max_pool2d`,
`global_avg_pool2d`, `global_l2_pool2d`, `pad2d`, `linear`, and `Conv2d`, a layer that is made once and called many times.
Their gradients are `conv2d_backward`, `conv2d_backward_input`, `conv2d_backward_weights`, `activation_backward`,
`max_pool2d_backward`, `avg_pool2d_backward`, `lp_pool2d_backward`, `pad2d_backward`, `linear_backward` and the method
`backward` of a `Conv2d`; they begin with `softmax_cross_entropy`. `num_threads`, `simd_target` and their kin say and
choose what calls run on. A `Network` is made of `convstep.layers` or read from a file, runs, and learns with `Sgd` or
`Adam`, which gives a `History`; `convstep.sklearn` has estimators of scikit-learn's kind. `convstep.draw` makes pictures,
with matplotlib, and `explain` a `Page` that shows a layer step by step. `convstep.check` says what is wrong with your own
version of one of the notebook's functions; ``%load_ext convstep`` makes that ``%check`` in Jupyter.
"""

from typing import TYPE_CHECKING, Any

try:
    from convstep._core import __version__
except ModuleNotFoundError as _error:
    if _error.name != "convstep._core":
        raise
    raise ImportError(
        f"{__file__} is without its compiled half: install convstep with pip (anew, for another version of Python), "
        "and start Python in another folder if this is its source"
    ) from _error

from convstep._activation import activation_backward
from convstep._conv2d import Conv2d
from convstep._convolution import conv2d, pad2d, pad2d_backward
from convstep._convolution_backward import conv2d_backward, conv2d_backward_input, conv2d_backward_weights
from convstep._explain import Page, explain
from convstep._linear import linear, linear_backward
from convstep._loss import softmax_cross_entropy
from convstep._network import Network
from convstep._notebook import conv_forward, conv_single_step, pool_forward, zero_pad
from convstep._notebook_backward import conv_backward, create_mask_from_window, distribute_value, pool_backward
from convstep._pooling import (
    avg_pool2d,
    global_avg_pool2d,
    global_l2_pool2d,
    global_max_pool2d,
    l2_pool2d,
    lp_pool2d,
    max_pool2d,
)
from convstep._pooling_backward import avg_pool2d_backward, lp_pool2d_backward, max_pool2d_backward
from convstep._runtime import (
    caller_may_move,
    num_threads,
    release_memory,
    set_caller_may_move,
    set_num_threads,
    set_simd_target,
    simd_target,
    simd_targets,
)

from convstep._training import Adam, History, Sgd

if TYPE_CHECKING:
    from convstep import check as check
    from convstep import draw as draw
    from convstep import layers as layers
    from convstep import sklearn as sklearn

__all__ = [
    "Adam",
    "Conv2d",
    "History",
    "Network",
    "Page",
    "Sgd",
    "__version__",
    "activation_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "caller_may_move",
    "conv2d",
    "conv2d_backward",
    "conv2d_backward_input",
    "conv2d_backward_weights",
    "conv_backward",
    "conv_forward",
    "conv_single_step",
    "create_mask_from_window",
    "distribute_value",
    "explain",
    "global_avg_pool2d",
    "global_l2_pool2d",
    "global_max_pool2d",
    "l2_pool2d",
    "linear",
    "linear_backward",
    "lp_pool2d",
    "lp_pool2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "num_threads",
    "pad2d",
    "pad2d_backward",
    "pool_backward",
    "pool_forward",
    "release_memory",
    "set_caller_may_move",
    "set_num_threads",
    "set_simd_target",
    "simd_target",
    "simd_targets",
    "softmax_cross_entropy",
    "zero_pad",
]


def load_ipython_extension(shell: Any) -> None:
    """What ``%load_ext convstep`` calls: it adds ``%check`` and ``%%check``."""
    from convstep.check import _magic

    _magic.load(shell)


if not TYPE_CHECKING:  # type checkers are to know which names there are

    def __getattr__(name: str) -> Any:
        if name in ("check", "draw", "sklearn"):  # imported when they are first used: the last two need extras
            import importlib

            return importlib.import_module(f"convstep.{name}")
        from convstep import _hints

        message = f"module 'convstep' has no attribute {name!r}"
        hint = None if name.startswith("__") else _hints.attribute(name, [*__all__, "check", "draw", "layers", "sklearn"])
        if hint:
            raise AttributeError(f"{message}; {hint}", name=name, obj=None)  # or Python 3.12 would add its own guess
        raise AttributeError(message, name=name, obj=__import__(__name__))


def __dir__() -> list[str]:
    import importlib.util

    # Whatever is listed is looked at, by help() for one.
    extras = (("draw", "matplotlib"), ("sklearn", "sklearn"))
    return [*__all__, "check", "layers", *(name for name, needs in extras if importlib.util.find_spec(needs))]
