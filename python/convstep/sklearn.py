"""Convolutional networks as estimators of scikit-learn: for its pipelines, searches and scores.

>>> from sklearn.datasets import load_digits
>>> from sklearn.model_selection import train_test_split
>>> from convstep.sklearn import ConvClassifier
>>> X, y = load_digits(return_X_y=True)  # rows of 64 numbers
>>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
>>> model = ConvClassifier(input_shape=(8, 8, 1), epochs=5).fit(X_train, y_train)
>>> model.score(X_test, y_test) > 0.9
True
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin  # type: ignore[import-untyped]
    from sklearn.utils.multiclass import check_classification_targets  # type: ignore[import-untyped]
    from sklearn.utils.validation import (  # type: ignore[import-untyped]
        check_is_fitted,
        check_random_state,
        validate_data,
    )
except ImportError as error:
    raise ImportError("convstep.sklearn needs scikit-learn 1.6 or later: pip install 'convstep[sklearn]'") from error

import numpy as np
from numpy.typing import ArrayLike

from convstep import layers as _layers
from convstep._network import Network
from convstep._training import Adam, History, Sgd
from convstep._types import Array, Flag, Int

__all__ = ["ConvClassifier", "ConvRegressor"]
_REAL = [np.float64, np.float32]


class _ConvEstimator(BaseEstimator):  # type: ignore[misc]
    """What both have in common."""

    network_: Network
    history_: History
    n_features_in_: int

    def __init__(
        self,
        layers: Sequence[_layers.Layer] | None = None,
        *,
        input_shape: tuple[Int, Int, Int] | None = None,
        optimizer: Sgd | Adam | None = None,
        epochs: Int = 50,
        batch_size: Int = 32,
        dtype: str = "float32",
        random_state: Any = 0,
        threads: Int | None = None,
        progress: Flag = False,
    ) -> None:
        self.layers = layers
        self.input_shape = input_shape
        self.optimizer = optimizer
        self.epochs = epochs
        self.batch_size = batch_size
        self.dtype = dtype
        self.random_state = random_state
        self.threads = threads
        self.progress = progress

    def _fit(self, X: Array, y: Array, outputs: int, loss: Any) -> None:
        images = self._images(X)
        middle, spread = _mean_and_scale(images.reshape(-1, 1))
        self._middle, self._spread = float(middle[0]), float(spread[0])
        hidden = default_layers(images.shape[1:]) if self.layers is None else list(self.layers)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        shape = tuple(map(int, images.shape[1:]))
        self.network_ = Network([*hidden, _layers.Linear(outputs)], shape, seed=seed, dtype=self.dtype)  # type: ignore[arg-type]
        self.history_ = self.network_.fit(
            self._scaled(images),
            y,
            loss=loss,
            optimizer=Adam() if self.optimizer is None else self.optimizer,
            epochs=self.epochs,
            batch_size=self.batch_size,
            seed=seed,
            progress=self.progress,
            threads=self.threads,
        )
        if not np.isfinite(self.history_.loss).all():
            name = type(self).__name__
            raise ValueError(f"{name}: the loss left the range of numbers: the optimizer's rate is too large for this data")

    def _scaled(self, images: Array) -> Array:
        return np.asarray((images.astype(np.float64) - self._middle) / self._spread)

    def _outputs(self, X: ArrayLike) -> Array:
        check_is_fitted(self)
        rows: Array = validate_data(self, X, reset=False, allow_nd=True, dtype=_REAL)
        return np.asarray(self.network_(self._scaled(self._images(rows)), threads=self.threads))

    def _images(self, X: Array) -> Array:
        """X as (N, H, W, C): itself, or its rows as images of input_shape, or else as one line of pixels."""
        shape = X.shape[1:] if self.input_shape is None else tuple(map(int, self.input_shape))
        if len(shape) == 1:
            shape = (1, *shape, 1)
        if len(shape) == 2:
            shape = (*shape, 1)
        if len(shape) != 3 or int(np.prod(shape)) != int(np.prod(X.shape[1:])):
            raise ValueError(f"X: got {X.shape}, expected rows or images of input_shape {shape}")
        return X.reshape(len(X), *shape)


def _mean_and_scale(rows: Array) -> tuple[Array, Array]:
    """Of each column; the scale is its deviation, or 1 where that is but rounding, as of numbers that are all the same."""
    largest = np.abs(rows).max(axis=0).astype(np.float64)
    unit = np.where(largest > 0, largest, 1.0)  # so that no square leaves the range of numbers
    parts = rows.astype(np.float64) / unit
    deviation = parts.std(axis=0)
    is_constant = deviation <= 10 * len(rows) * np.finfo(np.float64).eps
    return parts.mean(axis=0) * unit, np.where(is_constant, 1.0, deviation * unit)


def default_layers(shape: tuple[int, ...]) -> list[_layers.Layer]:
    """For images (H, W, C): two convolutions, each with a pooling, where they are large enough; and a layer of 64."""
    hidden: list[_layers.Layer] = []
    height, width = shape[:2]
    for filters in (16, 32):
        if min(height, width) < 4:
            break
        hidden += [_layers.Conv(filters, 3, padding="same", activation="relu"), _layers.MaxPool(2)]
        height, width = height // 2, width // 2
    return [*hidden, _layers.Flatten(), _layers.Linear(64, activation="relu")]


class ConvClassifier(ClassifierMixin, _ConvEstimator):  # type: ignore[misc]
    """A classifier: a convolutional network that ends with a score for each class, trained by cross-entropy.

    Parameters
    ----------
    layers : sequence of layers of `convstep.layers`, optional
        All but the last, which is a `Linear` with an output for each class; they leave rows, so most end with `Flatten`.
        By default, one or two convolutions with poolings, if the images are large enough, and a layer of 64.
    input_shape : (H, W, C), optional
        Of an image, where the rows of X are images laid out flat. Otherwise X may be images, (N, H, W, C) or (N, H, W); and
        rows without input_shape are images of one line.
    optimizer : convstep.Sgd or convstep.Adam, optional
        By default Adam().
    epochs, batch_size, threads, progress
        As in `Network.fit`.
    dtype : "float32" or "float64"
    random_state : int, RandomState or None
        Of the weights and of the order of the examples.

    Images are moved and scaled so that all numbers of the training set together have mean 0 and deviation 1.

    Attributes
    ----------
    network_ : convstep.Network
    history_ : convstep.History
    classes_ : ndarray
    n_features_in_ : int
    """

    classes_: Array

    def fit(self, X: ArrayLike, y: ArrayLike) -> ConvClassifier:
        """Train a new network on (N, features) or images, and the class of each."""
        rows, classes = validate_data(self, X, y, allow_nd=True, dtype=_REAL)
        check_classification_targets(classes)
        self.classes_, labels = np.unique(classes, return_inverse=True)
        self._fit(rows, labels, len(self.classes_), "cross_entropy")
        return self

    def predict_proba(self, X: ArrayLike) -> Array:
        """The probability of each class, (N, classes)."""
        scores = self._outputs(X).astype(np.float64)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def predict(self, X: ArrayLike) -> Array:
        """The class of each."""
        scores = self._outputs(X)
        return np.asarray(self.classes_[scores.argmax(axis=1)])


class ConvRegressor(RegressorMixin, _ConvEstimator):  # type: ignore[misc]
    """A regressor: a convolutional network that ends with a number for each target, trained by squared errors.

    Parameters and attributes are those of `ConvClassifier`, without `classes_`. Targets are (N,) or (N, K); those of the
    training set are scaled to mean 0 and deviation 1 for the training, and predictions scaled back.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> ConvRegressor:
        """Train a new network on (N, features) or images, and the targets of each."""
        rows, given = validate_data(self, X, y, allow_nd=True, multi_output=True, y_numeric=True, dtype=_REAL)
        targets = np.asarray(given, np.float64).reshape(len(given), -1)
        self._shape = given.shape[1:]
        self._mean, self._deviation = _mean_and_scale(targets)
        self._fit(rows, (targets - self._mean) / self._deviation, targets.shape[1], "squared_error")
        return self

    def predict(self, X: ArrayLike) -> Array:
        """The targets of each, as those of the training: (N,) or (N, K)."""
        outputs = self._outputs(X).astype(np.float64) * self._deviation + self._mean
        return np.asarray(outputs.reshape(len(outputs), *self._shape))
