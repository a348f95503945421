"""Tell a learner what is wrong with their own version of one of the notebook's functions.

>>> def my_distribute_value(dz, shape):
...     (n_H, n_W) = shape
...     return np.ones(shape) * dz / n_H
>>> finding = distribute_value(my_distribute_value)
distribute_value: dz is divided by the height alone.
  Seen: a[0, 0] is 1, expected 0.5 (dz 2, shape (2, 2))
  Hint: What should all elements of the result sum to?
>>> finding.mistakes, finding.reveal()
(('share_by_height',), 'np.ones(shape) * dz / (n_H * n_W)')

Each function takes yours, calls it on some small inputs, in a process of its own that may hang or crash, prints what it
finds and returns that as a `Finding`. Or it takes arrays: what came out of yours, and what went in. `all` takes a module
or a dictionary with the functions of a whole notebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from numpy.typing import ArrayLike

from convstep.check import _arrays, _functions, _judge
from convstep.check._finding import Difference, Finding, Place
from convstep.check._findings import Findings

__all__ = [
    "Difference",
    "Finding",
    "Findings",
    "Place",
    "all",
    "conv_backward",
    "conv_forward",
    "conv_single_step",
    "create_mask_from_window",
    "distribute_value",
    "pool_backward",
    "pool_forward",
    "zero_pad",
]

_Function = Callable[..., Any]


def _check(
    name: str, function: _Function | None, reveal: bool, timeout: float, yours: Any, given: dict[str, Any]
) -> Finding:
    checked = _functions.ALL[name]
    arrays = {key: value for key, value in given.items() if value is not None}
    if function is not None and (yours is not None or arrays):
        raise TypeError(f"check.{name}() takes your function, or what came out of it as yours=..., not both")
    if function is not None:
        finding = _judge.judge(checked, function, timeout)
    else:
        finding = _arrays.judge(checked, yours, arrays)
    print(finding.text(reveal))
    return finding


def zero_pad(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: ArrayLike | None = None, X: ArrayLike | None = None, pad: int | None = None,
) -> Finding:
    """Check ``zero_pad(X, pad)``: the function, or the array `yours` that it made of `X`.

    `reveal` prints the solution, too; the function has `timeout` seconds for all calls.
    """
    return _check("zero_pad", function, reveal, timeout, yours, {"X": X, "pad": pad})


def conv_single_step(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: ArrayLike | None = None, a_slice_prev: ArrayLike | None = None, W: ArrayLike | None = None,
    b: ArrayLike | None = None,
) -> Finding:
    """Check ``conv_single_step(a_slice_prev, W, b)``: the function, or the number `yours`. Otherwise as `zero_pad`."""
    return _check("conv_single_step", function, reveal, timeout, yours, {"a_slice_prev": a_slice_prev, "W": W, "b": b})


def conv_forward(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: ArrayLike | None = None, A_prev: ArrayLike | None = None, W: ArrayLike | None = None,
    b: ArrayLike | None = None, hparameters: Mapping[str, int] | None = None,
) -> Finding:
    """Check ``conv_forward(A_prev, W, b, hparameters)``: the function, or the array Z as `yours`. Otherwise as `zero_pad`."""
    return _check("conv_forward", function, reveal, timeout, yours, {"A_prev": A_prev, "W": W, "b": b, "hparameters": hparameters})


def pool_forward(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: ArrayLike | None = None, A_prev: ArrayLike | None = None, hparameters: Mapping[str, int] | None = None,
    mode: str | None = None,
) -> Finding:
    """Check ``pool_forward(A_prev, hparameters, mode)``: the function, or the array A as `yours`. Otherwise as `zero_pad`."""
    return _check("pool_forward", function, reveal, timeout, yours, {"A_prev": A_prev, "hparameters": hparameters, "mode": mode})


def conv_backward(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: tuple[ArrayLike, ArrayLike, ArrayLike] | None = None, dZ: ArrayLike | None = None,
    cache: tuple[Any, ...] | None = None,
) -> Finding:
    """Check ``conv_backward(dZ, cache)``: the function, or (dA_prev, dW, db) as `yours`. Otherwise as `zero_pad`."""
    return _check("conv_backward", function, reveal, timeout, yours, {"dZ": dZ, "cache": cache})


def create_mask_from_window(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: ArrayLike | None = None, x: ArrayLike | None = None,
) -> Finding:
    """Check ``create_mask_from_window(x)``: the function, or the mask as `yours`. Otherwise as `zero_pad`.

    Windows with several maxima are not tried, as the notebook leaves them open.
    """
    return _check("create_mask_from_window", function, reveal, timeout, yours, {"x": x})


def distribute_value(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: ArrayLike | None = None, dz: float | None = None, shape: tuple[int, int] | None = None,
) -> Finding:
    """Check ``distribute_value(dz, shape)``: the function, or the array as `yours`. Otherwise as `zero_pad`."""
    return _check("distribute_value", function, reveal, timeout, yours, {"dz": dz, "shape": shape})


def pool_backward(
    function: _Function | None = None, *, reveal: bool = False, timeout: float = _judge.SECONDS,
    yours: ArrayLike | None = None, dA: ArrayLike | None = None, cache: tuple[Any, ...] | None = None,
    mode: str | None = None,
) -> Finding:
    """Check ``pool_backward(dA, cache, mode)``: the function, or dA_prev as `yours`. Otherwise as `zero_pad`."""
    return _check("pool_backward", function, reveal, timeout, yours, {"dA": dA, "cache": cache, "mode": mode})


def all(
    functions: ModuleType | Mapping[str, Any], *, reveal: bool = False, timeout: float = _judge.SECONDS
) -> Findings:
    """Check every function of the notebook that a module, or a dictionary such as ``globals()``, has.

    A function whose helpers are wrong is judged with right ones in their place, so that it is not blamed for them.
    Functions that are not there are named, and are no mistake.
    """
    names = functions if isinstance(functions, Mapping) else vars(functions)
    found: dict[str, Finding] = {}
    for name, checked in _functions.ALL.items():
        if name not in names:
            found[name] = Finding(name, "missing", "not there yet.")
            print(found[name].text(reveal))
            continue
        wrong = [helper for helper in checked.helpers if helper in found and not found[helper].right]
        found[name] = _judge.judge(checked, names[name], timeout, wrong)
        print(found[name].text(reveal))
    return Findings(found)
