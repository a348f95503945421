"""What somebody may have meant. Messages end with it, in parentheses."""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

# Words of other libraries whose spelling does not tell.
OTHER_WORDS = {
    "mean": "average", "avg": "average", "channels_first": "NCHW", "channels_last": "NHWC", "lrelu": "leaky_relu",
}

# Words of other libraries that mean nothing here, by a word of ours for the same argument; and what to do instead.
NOT_OURS = {
    "relu": {
        **dict.fromkeys(("linear", "identity", "none", ""), "for none, write None"),
        **dict.fromkeys(
            ("celu", "elu", "gelu", "glu", "hardtanh", "mish", "prelu", "rrelu", "selu", "silu", "softmax", "swish"),
            "apply it to the result",
        ),
    },
    "same": {
        **dict.fromkeys(("none", ""), "for none, write 0"),
        **dict.fromkeys(
            ("circular", "constant", "edge", "reflect", "replicate", "symmetric", "wrap", "zeros"),
            "it says how many zeros; for other values, use np.pad first",
        ),
        "full": "write (KH - 1, KW - 1)",
    },
}

# Layers and functions of other libraries whose spelling does not tell, without what differs from library to library.
OTHER_FUNCTIONS = {
    **dict.fromkeys(("dense", "fullyconnected", "innerproduct", "affine"), "linear"),
    **dict.fromkeys(
        ("crossentropy", "crossentropyloss", "sparsecategoricalcrossentropy", "softmax", "logsoftmax", "nllloss"),
        "softmax_cross_entropy",
    ),
}

# Ours, by the same plain names.
_ACTIVATIONS = {"relu": "relu", "relu6": "relu6", "leakyrelu": "leaky_relu", "sigmoid": "sigmoid", "tanh": "tanh"}

# How a file becomes an array, by the end of its name.
READERS = {
    ".npy": "np.load({})",
    ".npz": "np.load({})['name']",
    **dict.fromkeys((".csv", ".txt"), "np.loadtxt({})"),
    **dict.fromkeys((".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff"), "np.asarray(PIL.Image.open({}))"),
}


def near(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that is spelled much like `word`, if there is one; case does not matter."""
    plain = {known.lower(): known for known in words}
    found = difflib.get_close_matches(word.lower(), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else None


def quoted(words: Sequence[str]) -> str:
    """'a', 'b' and 'c'."""
    *first, last = map(repr, words)
    return f"{', '.join(first)} and {last}" if first else last


def word(given: str, words: Sequence[str]) -> str | None:
    """For one that is none of `words`."""
    for ours, others in NOT_OURS.items():
        if ours in words and given.lower() in others:
            return others[given.lower()]
    meant = OTHER_WORDS.get(given)
    if meant not in words:
        meant = near(given, words)
    return f'did you mean "{meant}"?' if meant else None


def key(wanted: str, hparameters: Mapping[Any, Any]) -> str | None:
    """For a dictionary without it."""
    found = near(wanted, [name for name in hparameters if isinstance(name, str)])
    return f"it has {found!r}" if found else None


def integer(given: Any) -> str | None:
    """For what is no integer."""
    if isinstance(given, float) and given.is_integer():
        return f"write {int(given)}"
    if isinstance(given, str) and given.strip().isdecimal():
        return f"write {given.strip()}, without quotes"
    return None


def size(given: Any) -> str | None:
    """For what is no size of two axes: one for each of four axes, perhaps, as TensorFlow has them."""
    if isinstance(given, (tuple, list)):
        if len(given) == 1:
            return f"write {shown(given[0])}"
        inner = _inner(given, 1)
        return f"for height and width alone, write {shown(inner)}" if inner else None
    return integer(given)


def padding(given: Any) -> str | None:
    """For what is no padding: PyTorch's pad, or NumPy's pad_width, perhaps."""
    if given is None:
        return "for none, write 0"
    if isinstance(given, (tuple, list)) and len(given) == 1:
        return f"write {shown(given[0])}"
    if isinstance(given, (tuple, list)) and len(given) == 4:
        inner = _inner([tuple(pair) if isinstance(pair, list) else pair for pair in given], (0, 0))
        if inner:
            return f"for height and width alone, write {shown(inner)}"
        return "four numbers are two pairs: ((top, bottom), (left, right))"
    return integer(given)


def shape(argument: str, given: Any) -> str | None:
    """For what is no shape of a batch, or of filters."""
    own = getattr(given, "shape", given)
    if isinstance(own, (tuple, list)) and len(own) == 3 and argument != "weights_shape":
        return f"for one image: {shown((1, *own))}"
    return None


def cache(given: Any, items: int) -> str | None:
    """For what is no cache of so many items: that of the other layer, or all that its forward function returned, perhaps."""
    if not isinstance(given, tuple):
        return None
    if len(given) == 2 and isinstance(given[1], tuple):
        return "that is the output and the cache: pass the second of them"
    others = {2: "pool_forward", 4: "conv_forward"}
    return f"it looks like that of {others[len(given)]}" if len(given) in others and len(given) != items else None


def numbers(argument: str, given: Any) -> str | None:
    """For a number, or a few, where an array of more axes is expected."""
    is_number = np.shape(given) == () and not isinstance(given, bool)
    if argument in ("weights", "W") and (is_number or np.shape(given) in ((2,), (4,))):
        return "the weights themselves, not their size or number"
    if argument == "bias" and isinstance(given, bool):
        return "one number per output channel" if given else "for none, leave it out"
    if argument == "bias" and is_number:
        return "one number per output channel; a stride needs its name"
    return None


def array(argument: str, given: Any) -> str | None:
    """For what is no array of numbers that fit."""
    if isinstance(given, (str, os.PathLike)):
        name = os.fspath(given)
        reader = READERS.get(os.path.splitext(name)[1].lower()) if isinstance(name, str) else None
        return f"write {reader.format(repr(name))}" if reader else None
    if isinstance(given, Mapping):
        return f"for one of its arrays: {argument}[{next(iter(given))!r}]" if given else None
    if isinstance(given, Iterator):
        return f"write list({argument})"
    if not isinstance(given, (np.ndarray, np.generic)):
        return None
    if given.dtype.names:
        return f"for one of its fields: {argument}[{given.dtype.names[0]!r}]"
    if given.dtype.kind == "c":
        return f"for its parts: {argument}.real, {argument}.imag"
    if given.dtype.kind in "fO":
        return f"write {argument}.astype(np.float64)"
    is_added = given.dtype.kind == "V" and given.dtype.type is not np.void  # by another package, as bfloat16 is
    return f"write {argument}.astype(np.float32)" if is_added else None


def attribute(name: str, names: Iterable[str]) -> str | None:
    """For a name that the package does not have: a layer, or a function, of another library, perhaps."""
    wanted = _plain(name)
    activation = wanted.removesuffix("backward")
    known = _ACTIVATIONS.get(activation)
    if known:
        if wanted != activation:
            return f'write activation_backward(grad, input, "{known}")'
        return f'an activation is an option: conv2d(..., activation="{known}")'
    plain: dict[str, str] = {}
    for own in names:
        if _plain(own) not in plain or own[0].isupper() == name[0].isupper():  # conv2d and Conv2d
            plain[_plain(own)] = own
    found = difflib.get_close_matches(wanted, plain, n=1, cutoff=0.7)
    meant = OTHER_FUNCTIONS.get(wanted) or (plain[found[0]] if found else None)
    return f"did you mean {meant!r}?" if meant else None


def layer(name: str, names: Sequence[str]) -> str | None:
    """For a name that `convstep.layers` does not have."""
    wanted = _plain(name)
    known = _ACTIVATIONS.get(wanted)
    if known:
        return f'write layers.Activate("{known}"), or layers.Conv(..., activation="{known}")'
    if OTHER_FUNCTIONS.get(wanted) == "linear":
        return "did you mean 'Linear'?"
    meant = near(name, names)
    return f"did you mean {meant!r}?" if meant else None


def shown(value: Any, depth: int = 3) -> str:
    """`value` as messages show it, in one line: where it is an array, its shape."""
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"an array of shape {value.shape}"
    if type(value) in (dict, list, tuple):
        return _items(value, depth) if depth else "..."
    try:
        text = " ".join(repr(value).split())
    except Exception:
        return f"a {type(value).__name__}"
    lengths = getattr(value, "shape", None)
    if len(text) > LONGEST and isinstance(lengths, tuple):
        return f"an array of shape {lengths}"
    return _cut(text)


LONGEST = 100  # characters of a value in a message


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _items(values: Any, depth: int) -> str:
    most = 8
    if isinstance(values, dict):
        items = [f"{shown(key, depth - 1)}: {shown(value, depth - 1)}" for key, value in list(values.items())[:most]]
    else:
        items = [shown(value, depth - 1) for value in values[:most]]
    text = ", ".join(items + ["..."] * (len(values) > most))
    if isinstance(values, tuple):
        return _cut(f"({text},)" if len(values) == 1 else f"({text})")
    return _cut(f"{{{text}}}" if isinstance(values, dict) else f"[{text}]")


def _inner(four: Sequence[Any], outer: Any) -> tuple[Any, ...] | None:
    """Height's and width's of `four` for each axis, where the two others are as `outer` for images and channels."""
    if len(four) != 4 or four[0] != outer:
        return None
    if four[3] == outer:
        return tuple(four[1:3])
    return tuple(four[2:]) if four[1] == outer else None


def _plain(name: str) -> str:
    """Without what differs from library to library."""
    name = name.lower().replace("_", "").removeprefix("get")
    for theirs, ours in {"pooling": "pool", "average": "avg", "mean": "avg", "adaptive": "global"}.items():
        name = name.replace(theirs, ours)
    return name
