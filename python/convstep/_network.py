"""Networks: layers put together, read from files, run and trained."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from convstep import _core, _hints
from convstep._compiled import with_hints
from convstep._convert import convert_indices
from convstep._network_arrays import (
    CHANNELS_FIRST,
    CHANNELS_LAST,
    check_images,
    converted,
    free_shape,
    in_order,
    shape_text,
    to_real,
    to_shape,
    type_of,
    with_axes,
)
from convstep._training import Adam, Bar, History, Sgd
from convstep._types import Array, Flag, Int, Layout
from convstep.layers import Layer

_Dtype: TypeAlias = Literal["float32", "float64"]
_Shape: TypeAlias = Sequence[Int]
_Path: TypeAlias = "str | os.PathLike[str]"

_NETWORKS = {"float32": _core.Network32, "float64": _core.Network64}
_TRAINERS = {"float32": _core.Trainer32, "float64": _core.Trainer64}


class Network:
    """Layers one after the other, or a model out of a file; called with arrays, it computes.

    A network computes in one dtype, float32 or float64, to which it converts real arrays. It plans the first call with
    inputs of some shape (chooses methods, packs weights, lays out memory) and keeps the last few plans. It may be called
    from many threads at once. Results have the same bits for any number of threads, any batch and any memory.

    Images are (N, H, W, C), also those of models whose files say (N, C, H, W).

    Parameters
    ----------
    layers : sequence of layers
        See `convstep.layers`.
    input_shape : (H, W, C), or (K,)
        Of one image. Images of other sizes are welcome later, where the layers allow it. Or of a row of K numbers.
    seed : int
        Of the weights to begin with, the same on every machine.
    dtype : "float32" or "float64"
    keep_roundings : bool
        Leave batch normalisation, and what else multiplies and shifts channels, apart from the weights beside it. Then a
        network has the bits of its layers one by one.

    Raises
    ------
    ValueError, TypeError
        What cannot be, naming it.

    Examples
    --------
    >>> import numpy as np
    >>> from convstep import Network, layers
    >>> network = Network(
    ...     [layers.Conv(16, 3, padding="same", activation="relu"), layers.MaxPool(2), layers.Flatten(), layers.Linear(10)],
    ...     input_shape=(28, 28, 1))
    >>> network
    Network(input (N, 28, 28, 1), float32, 31530 parameters)
    >>> network(np.zeros((5, 28, 28, 1))).shape
    (5, 10)
    """

    dtype: _Dtype
    _network: _core.Network32 | _core.Network64

    @with_hints("Network")
    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: _Shape,
        *,
        seed: Int = 0,
        dtype: _Dtype = "float32",
        keep_roundings: Flag = False,
    ) -> None:
        if isinstance(layers, Layer) or not isinstance(layers, Iterable):
            raise TypeError(f"layers: got {_hints.shown(layers)}, expected a list of layers of convstep.layers")
        layers = list(layers)
        for layer in layers:
            if not isinstance(layer, Layer):
                is_class = isinstance(layer, type) and layer in Layer.__subclasses__()
                hint = f" (write layers.{layer.__name__}())" if is_class else ""
                raise TypeError(f"layers: got {_hints.shown(layer)}, expected layers of convstep.layers{hint}")
        image = to_shape("input_shape", input_shape)
        self._become(_class_of(dtype).build(layers, image, seed, keep_roundings), dtype)

    def _become(self, network: _core.Network32 | _core.Network64, dtype: str) -> None:
        vars(self).update(_network=network, dtype=str(np.dtype(dtype)))

    @classmethod
    @with_hints("Network.load")
    def load(cls, path: _Path, *, dtype: _Dtype = "float32", keep_roundings: Flag = False) -> Network:
        """A trained network out of a file: .onnx, or an .npz that `save` wrote.

        Files from strangers are safe to load: what is wrong with one is said in a ValueError.

        Raises
        ------
        OSError
            The file cannot be read.
        ValueError
            It is no such file, or has operations that convstep does not have, all of which are named.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"path: got {type(path).__name__}, expected the path of a file: a str or a pathlib.Path")
        path = os.fspath(path)
        os.stat(path)  # Python's own errors where it is not there
        network = cls.__new__(cls)
        network._become(_class_of(dtype).load(path, keep_roundings), dtype)
        return network

    @with_hints("Network.save")
    def save(self, path: _Path) -> None:
        """Write the network to an .npz file, which `load` reads, and whose arrays are its weights."""
        path = os.fspath(path)
        if not path.endswith(".npz"):
            raise ValueError(f"path: got {path!r}, expected a name that ends with .npz")
        self._network.save(path)

    @with_hints("Network.__call__")
    def __call__(
        self,
        *inputs: ArrayLike | Mapping[str, ArrayLike],
        layout: Layout = "NHWC",
        out: Array | tuple[Array | None, ...] | None = None,
        threads: Int | None = None,
        memory: Int | None = None,
    ) -> Any:
        """What the network makes of its inputs: an array, or a tuple of arrays if there are several outputs.

        Parameters
        ----------
        *inputs : array_like
            One for each input, in the order of `inputs`; or a mapping from their names. float32 and float64 are read where
            they lie if they are of the network's dtype.
        layout : "NHWC" or "NCHW"
            The order of the axes of arrays with four, both read and written.
        out : ndarray, or a tuple of them, optional
            Where to write: of the outputs' shapes and dtypes, writable, sharing no element with an input or each other.
        threads : int, optional
        memory : int, optional
            The most bytes for what lies between inputs and outputs. Where it would be more, layers run in bands of rows,
            with the same bits.
        """
        self._check_layout(layout)
        infos = self._network.inputs()
        given = in_order(inputs, [name for name, _, _ in infos])
        arrays = tuple(converted(array, info, self.dtype, layout) for array, info in zip(given, infos))
        for (name, shape, _), array in zip(infos, arrays):
            check_images(name, array, shape, layout)
        outs = out if out is None or isinstance(out, tuple) else (out,)
        turned = outs
        if outs is not None:
            turned = tuple(array if array is None else with_axes(array, layout, CHANNELS_LAST) for array in outs)
        with self._blaming_size("input", *arrays):
            results = self._network.run(arrays, turned, threads, memory)
        if outs is None:
            results = tuple(with_axes(array, layout, CHANNELS_FIRST) for array in results)
        else:
            results = tuple(a if b is None else b for a, b in zip(results, outs))
        return results[0] if len(results) == 1 else results

    def predict(self, *inputs: ArrayLike | Mapping[str, ArrayLike], threads: Int | None = None) -> Array:
        """The class of each row: where its score is largest."""
        scores = self(*inputs, threads=threads)
        if isinstance(scores, tuple) or scores.ndim != 2 or scores.shape[1] < 2:
            given = f"{len(scores)} outputs" if isinstance(scores, tuple) else f"an output {scores.shape}"
            raise ValueError(f"predict: got a network with {given}, expected a classifier: (N, classes), of two or more")
        return np.asarray(scores.argmax(axis=1))

    @property
    def inputs(self) -> dict[str, tuple[int | None, ...]]:
        """The shape of each input, by its name, with None for a length that is free."""
        return {name: free_shape(shape) for name, shape, _ in self._network.inputs()}

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs, whose shapes follow from those of the inputs."""
        return [name for name, _, _ in self._network.outputs()]

    @property
    def parameters(self) -> int:
        """The numbers in all weights."""
        return self._network.parameters()

    @property
    def weights(self) -> dict[str, Array]:
        """Copies of the weights and other constants, by their names in files: (KH, KW, C, O) and (C, O) of layers.

        They cannot be written to, as that would change no network.
        """
        arrays = self._network.parts()[1]
        for array in arrays.values():
            array.setflags(write=False)
        return arrays

    @with_hints("Network.describe")
    def describe(self, *input_shapes: _Shape, memory: Int | None = None) -> str:
        """A table of the layers: outputs, methods, parameters, multiplications and additions, memory.

        For inputs of these shapes, (N, H, W, C) of images: by default those of the file or of the first layer, N = 1.
        """
        return self._network.describe(self._shapes(input_shapes), memory)

    @with_hints("Network.profile")
    def profile(
        self, *input_shapes: _Shape, runs: Int = 5, threads: Int | None = None, memory: Int | None = None
    ) -> str:
        """The same table, with the shortest time of each layer in so many runs."""
        return self._network.profile(self._shapes(input_shapes), memory, runs, threads)

    @with_hints("Network.describe_passes")
    def describe_passes(self, *input_shapes: _Shape) -> str:
        """The graph as a text: as it was built or read, and what each pass over it makes of it."""
        return self._network.describe_passes(self._shapes(input_shapes))

    @with_hints("Network.memory_bytes")
    def memory_bytes(self, *input_shapes: _Shape, memory: Int | None = None) -> int:
        """The memory of what lies between inputs of these shapes and the outputs."""
        return self._network.memory_bytes(self._shapes(input_shapes), memory)

    @with_hints("Network.astype")
    def astype(self, dtype: _Dtype) -> Network:
        """The same network, computing in another dtype."""
        text, arrays = self._network.parts()
        turned = {name: a if a.dtype == np.int64 else a.astype(type_of(dtype)) for name, a in arrays.items()}
        network = type(self).__new__(type(self))
        network._become(_class_of(dtype).of_parts(text, turned), dtype)
        return network

    @with_hints("Network.fit")
    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: Literal["cross_entropy", "squared_error"] = "cross_entropy",
        optimizer: Sgd | Adam = Adam(),
        epochs: Int = 1,
        batch_size: Int = 32,
        parts: Int = 1,
        shuffle: Flag = True,
        seed: Int = 0,
        rate: Callable[[int, int], float] | None = None,
        validation: tuple[ArrayLike, ArrayLike] | None = None,
        on_epoch: Callable[[History], object] | None = None,
        progress: Flag | None = None,
        threads: Int | None = None,
    ) -> History:
        """Let the network learn from examples. It changes; copies that were made before do not.

        The same network, examples and seed give the same bits for any number of threads and of `parts`. Ctrl-C, and what
        `on_epoch` or `rate` raise, end the training after a whole step: the network has learnt what it has by then.

        Parameters
        ----------
        x : array_like, shape (N, H, W, C), or (N, K) where the network takes rows
        y : array_like
            The class of each example, (N,) of integers, for "cross_entropy"; its targets, (N, K), for "squared_error".
        loss : "cross_entropy" or "squared_error"
            The mean of the cross-entropy of the softmax of the outputs (a Softmax that the network ends with is left out, as
            it is part of the loss); or the mean of (output - target)**2 over all elements.
        optimizer : convstep.Sgd or convstep.Adam
            What it remembers of earlier steps begins anew with each call.
        epochs, batch_size : int
        parts : int
            A batch is taken in so many calls one after the other, which need less memory.
        shuffle : bool
            Mix the examples before each epoch, by `seed`.
        rate : function of step and steps, optional
            The rate of each step, where it is not always the optimizer's.
        validation : (x, y), optional
            Examples to measure on after each epoch.
        on_epoch : function of the History so far, optional
        progress : bool, optional
            Show on stderr how far it is; by default, if that is a terminal.
        threads : int, optional

        Returns
        -------
        History
            Lists with a number for each epoch.

        Examples
        --------
        >>> import numpy as np
        >>> from convstep import Network, Sgd, layers
        >>> random = np.random.RandomState(1)
        >>> x = random.randn(64, 6, 6, 1)
        >>> y = (x.mean(axis=(1, 2, 3)) > 0).astype(int)
        >>> network = Network([layers.Conv(4, 3, activation="relu"), layers.Flatten(), layers.Linear(2)], (6, 6, 1))
        >>> history = network.fit(x, y, optimizer=Sgd(0.1), epochs=20, batch_size=16)
        >>> history.loss[-1] < history.loss[0], len(history.accuracy)
        (True, 20)
        """
        if not isinstance(optimizer, (Sgd, Adam)):
            is_class = isinstance(optimizer, type) and issubclass(optimizer, (Sgd, Adam))
            named = {"sgd": "Sgd", "adam": "Adam"}.get(optimizer.lower()) if isinstance(optimizer, str) else None
            meant = optimizer.__name__ if is_class else named
            hint = f" (write convstep.{meant}())" if meant else ""
            given = _hints.shown(optimizer)
            raise TypeError(f"optimizer: got {given}, expected convstep.Sgd(...) or convstep.Adam(...){hint}")
        if validation is not None and not (isinstance(validation, (tuple, list)) and len(validation) == 2):
            raise TypeError(f"validation: got {_hints.shown(validation)}, expected a pair (x, y)")
        for name, function in (("rate", rate), ("on_epoch", on_epoch)):
            if function is not None and not callable(function):
                hint = " (a rate that stays the same is the optimizer's)" if name == "rate" else ""
                raise TypeError(f"{name}: got {_hints.shown(function)}, expected a function{hint}")
        has_classes = loss == "cross_entropy"

        def examples(x_name: str, images: ArrayLike, y_name: str, answers: ArrayLike) -> tuple[Array, Array]:
            y = convert_indices(answers, y_name) if has_classes else to_real(answers, y_name, self.dtype)
            return to_real(images, x_name, self.dtype), y

        images, answers = examples("x", x, "y", y)
        input_shape = self._network.inputs()[0][1]
        check_images("x", images, input_shape)
        held_out = None
        if validation is not None:
            held_out = examples("validation[0]", validation[0], "validation[1]", validation[1])
            check_images("validation[0]", held_out[0], input_shape)
        trainer = _TRAINERS[self.dtype](self._network, loss, optimizer, parts)
        history = History()
        shows = sys.stderr.isatty() if progress is None else bool(progress)
        bar = Bar(history) if shows else None

        def ended(*epoch: float) -> None:
            history._add(epoch, has_classes, held_out is not None)
            if bar:
                bar.epoch()
            if on_epoch:
                on_epoch(history)

        on_step = bar.step if bar else None
        try:
            with self._blaming_size("x", images):
                trainer.fit(images, answers, epochs, batch_size, shuffle, seed, rate, held_out, on_step, ended, threads)
        finally:
            self._become(trainer.network(), self.dtype)
        lost = [epoch for epoch, loss in enumerate(history.loss, 1) if not math.isfinite(loss)]
        if lost:
            why = "x or y has NaN or infinities, or the optimizer's rate is too large"
            warnings.warn(f"fit: the loss is no number from epoch {lost[0]} on: {why}", RuntimeWarning, stacklevel=3)
        return history

    def __repr__(self) -> str:
        inputs = []
        for (name, shape), usual in zip(self.inputs.items(), self._network.usual_shapes()):
            lengths = shape_text(shape)
            if usual is not None and shape and shape[0] is None:
                lengths = f"(N, {', '.join(map(str, usual[1:]))})"
            inputs.append(f"{name} {lengths}")
        return f"Network({', '.join(inputs)}, {self.dtype}, {self.parameters} parameters)"

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"{name}: a Network's attributes do not change; fit() changes its weights")

    def __getstate__(self) -> dict[str, Any]:
        text, arrays = self._network.parts()
        return {"dtype": self.dtype, "text": text, "arrays": arrays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        network = _class_of(state["dtype"]).of_parts(state["text"], state["arrays"])
        self._become(network, state["dtype"])

    def __copy__(self) -> Network:
        other = type(self).__new__(type(self))
        other._become(self._network, self.dtype)
        return other

    def __deepcopy__(self, memo: object) -> Network:
        return self.__copy__()

    @contextlib.contextmanager
    def _blaming_size(self, argument: str, *arrays: Array) -> Iterator[None]:
        """What is wrong with images of another size than the network was made for is wrong because of that, perhaps."""
        try:
            yield
        except ValueError as error:
            usual = self._network.usual_shapes()[0] if arrays else None
            if usual is None or len(usual) != 4 or arrays[0].ndim != 4 or arrays[0].shape[1:3] == usual[1:3]:
                raise
            given, own = (" x ".join(map(str, shape[1:3])) for shape in (arrays[0].shape, usual))
            raise ValueError(f"{argument}: got images of {given}, and the network was made for {own}: {error}") from error

    def _shapes(self, shapes: tuple[_Shape, ...]) -> list[tuple[int, ...]]:
        if shapes:
            return [to_shape("input_shape", getattr(shape, "shape", shape)) for shape in shapes]
        usual_shapes = []
        for (name, shape), usual in zip(self.inputs.items(), self._network.usual_shapes()):
            if usual is None:
                raise ValueError(f"input_shape: got none, expected that of {name}, {shape_text(shape)}, whose size is free")
            usual_shapes.append(usual)
        return usual_shapes

    @staticmethod
    def _check_layout(layout: str) -> None:
        if layout not in ("NHWC", "NCHW"):
            raise ValueError(f"layout: got {layout!r}, expected 'NHWC' or 'NCHW'")


def _class_of(dtype: Any) -> Any:
    try:
        name = str(np.dtype(dtype))
    except TypeError:
        name = str(dtype)
    if name not in _NETWORKS:
        raise ValueError(f"dtype: got {dtype!r}, expected 'float32' or 'float64'")
    return _NETWORKS[name]
