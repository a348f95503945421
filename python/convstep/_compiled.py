"""Functions that are declared in Python and compiled: one place for signature, types and docstring.

A declaration has no body. What a call costs is the compiled half's (python/function.h); what is wrong with one is said
here, as nobody waits for that.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from convstep import _core
from convstep._hints import near, quoted

_F = TypeVar("_F", bound=Callable[..., Any])
_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")

# What other libraries call an argument of ours, where the spelling does not tell.
OTHER_NAMES = {
    "a": "input", "x": "input", "image": "input", "images": "input", "A": "A_prev", "X": "A_prev", "data": "input",
    "w": "weights", "kernel": "weights", "filter": "weights", "filters": "weights", "b": "bias",
    "f": "kernel_size", "window": "kernel_size", "pool_size": "kernel_size", "window_shape": "kernel_size",
    "data_format": "layout", "channels_first": "layout", "rate": "dilation", "norm_type": "p", "ord": "p",
    "negative_slope": "slope", "alpha": "slope", "n_jobs": "threads", "workers": "threads",
    "feature_group_count": "groups", "method": "algorithm", "pad_width": "padding", "hparams": "hparameters",
    "grad_output": "grad", "dy": "grad", "dout": "grad", "dA": "grad", "dZ": "grad", "gradient": "grad",
    "input_size": "input_shape", "weight_size": "weights_shape", "filter_sizes": "weights_shape",
    "mode": "padding", "auto_pad": "padding", "border_mode": "padding", "pads": "padding", "img": "input",
    "target": "labels", "targets": "labels", "y": "labels", "classes": "labels", "scores": "logits", "divisor": "count",
    "lr": "rate", "learning_rate": "rate", "out_channels": "filters", "units": "outputs", "out_features": "outputs",
    "weight_decay": "decay", "eps": "epsilon",
    "act": "activation", "relu": "activation", "nonlinearity": "activation", "skip": "residual", "shortcut": "residual",
}

# What is no argument here: the names that other libraries have for it, the functions that may be asked for it by what
# their names contain, and what to do instead.
ZEROS_ALONE = "it pads with zeros; for other values, use np.pad first"
NO_ARGUMENTS = (
    (("mode", "pool_type"), "pool2d_backward",
     "each mode has its own function: max_pool2d_backward, avg_pool2d_backward, lp_pool2d_backward"),
    (("activation",), "conv2d_backward", "multiply by its derivative first: activation_backward(grad, input, activation)"),
    (("activation",), "linear_backward", "multiply by its derivative first: activation_backward(grad, input, activation)"),
    (("reduction", "size_average", "reduce"), "softmax_cross_entropy", "the loss is a mean; count=1 makes it a sum"),
    (("f", "stride", "pad", "hparameters", "A_prev", "W"), "conv_backward", "it is in the cache"),
    (("f", "stride", "hparameters", "A_prev"), "pool_backward", "it is in the cache"),
    (("mode", "pool_type"), "pool2d", "each mode has its own function: max_pool2d, avg_pool2d, l2_pool2d, lp_pool2d"),
    (("mode", "value", "constant_values"), "pad", ZEROS_ALONE),
    (("padding_mode", "pad_mode"), "", ZEROS_ALONE),
    (("f", "stride"), "pool_forward", 'write hparameters={"f": ..., "stride": ...}'),
    (("pad", "stride"), "conv_forward", 'write hparameters={"stride": ..., "pad": ...}'),
    (("dtype",), "", "the dtype is that of the arrays: write input.astype(np.float32), say"),
)


def compiled(declaration: _F) -> _F:
    """The compiled function of this name, with the signature and the docstring of its declaration."""
    signature = inspect.signature(declaration)
    parameters = signature.parameters.values()
    shown = signature.replace(
        parameters=[parameter.replace(annotation=parameter.empty) for parameter in parameters],
        return_annotation=signature.empty,
    )
    name = declaration.__name__
    return _core.function(  # type: ignore[no-any-return]
        name,
        f"{name}{shown}\n--\n\n{inspect.getdoc(declaration)}\n",
        "convstep",
        tuple(signature.parameters),
        {parameter.name: parameter.default for parameter in parameters if parameter.default is not parameter.empty},
        len(_positional(signature)),
        functools.partial(complain, name, signature),
    )


def with_hints(
    name: str, explain: Callable[[tuple[Any, ...], dict[str, Any]], str | None] = lambda *_: None
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """A function of Python that complains as the compiled ones do, by this name.

    `explain` may know more of a call that does not fit than can be seen without its values.
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)
        is_method = "self" in signature.parameters
        own = signature.replace(parameters=list(signature.parameters.values())[is_method:])

        @functools.wraps(function)
        def checked(*arguments: _P.args, **named: _P.kwargs) -> _R:
            try:
                return function(*arguments, **named)
            except TypeError:
                try:
                    signature.bind(*arguments, **named)
                except TypeError:
                    reason = explain(arguments[is_method:], named)
                    if reason:
                        raise TypeError(f"{name}() {reason}") from None
                    complain(name, own, len(arguments) - is_method, tuple(named))
                raise

        return checked

    return decorate


def hinted(cls: type[_T]) -> type[_T]:
    """The class, which complains of unknown arguments as functions do."""
    setattr(cls, "__init__", with_hints(cls.__name__)(cls.__init__))
    return cls


def complain(name: str, signature: inspect.Signature, count: int, keywords: tuple[str, ...]) -> None:
    """Raise the TypeError of a call with so many arguments without names, and these names."""
    raise TypeError(f"{name}() {_complaint(name, signature, count, keywords)}") from None


def _complaint(name: str, signature: inspect.Signature, count: int, keywords: tuple[str, ...]) -> str:
    names, positional = list(signature.parameters), _positional(signature)
    for keyword in keywords:
        if keyword not in names:
            return f"has no argument {keyword!r}{_suggestion(name, keyword, names)}"
    if count > len(positional):
        if not names:
            return f"takes no arguments, got {count}"
        named = [f"{other}=" for other in names if other not in positional]
        hint = f"; the others need their names: {', '.join(named)}" if named else ""
        arguments = "argument" if len(positional) == 1 else "arguments"
        return f"takes up to {len(positional)} {arguments} without names ({', '.join(positional)}), got {count}{hint}"
    for keyword in keywords:
        if keyword in positional[:count]:
            return f"got {keyword!r} twice, as argument {positional.index(keyword) + 1} and by its name"
    given = {*positional[:count], *keywords}
    missing = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.default is parameter.empty and parameter.name not in given
    ]
    return f"needs {quoted(missing)}, too"


def _suggestion(function: str, keyword: str, names: Sequence[str]) -> str:
    for others, part, advice in NO_ARGUMENTS:
        if keyword in others and part in function:
            return f"; {advice}"
    meant = OTHER_NAMES.get(keyword)
    if meant not in names:
        meant = near(keyword, names)
    if meant:
        return f"; did you mean {meant!r}?"
    return f"; it has {quoted(names)}" if names else ", and none at all"


def _positional(signature: inspect.Signature) -> list[str]:
    parameters = signature.parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
