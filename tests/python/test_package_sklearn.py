"""convstep.sklearn: estimators that scikit-learn's own checks accept."""

import doctest
import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import convstep.sklearn
from convstep import Sgd, layers
from convstep.sklearn import ConvClassifier, ConvRegressor


@parametrize_with_checks([ConvClassifier(), ConvRegressor()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    return X[order], y[order]


def test_rows_and_images_are_the_same_to_it(digits):
    X, y = digits
    rows = ConvClassifier(input_shape=(8, 8, 1), epochs=5, threads=1).fit(X[:1200], y[:1200])
    images = ConvClassifier(epochs=5, threads=2).fit(X[:1200].reshape(-1, 8, 8, 1), y[:1200])
    assert rows.score(X[1200:], y[1200:]) > 0.94
    assert rows.predict_proba(X[1200:]).tobytes() == images.predict_proba(X[1200:].reshape(-1, 8, 8)).tobytes()
    np.testing.assert_allclose(rows.predict_proba(X[:9]).sum(axis=1), 1)
    copied = pickle.loads(pickle.dumps(rows))
    assert copied.predict_proba(X).tobytes() == rows.predict_proba(X).tobytes()


def test_it_goes_into_pipelines_and_searches(digits):
    X, y = digits[0][:300], digits[1][:300]
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    pipeline = make_pipeline(StandardScaler(), ConvClassifier(input_shape=(8, 8, 1)))
    search = GridSearchCV(pipeline, {"convclassifier__epochs": [1, 8]}, cv=2).fit(X, names[y])
    assert search.best_params_ == {"convclassifier__epochs": 8}
    assert set(search.predict(X)) <= set(names)


def test_layers_are_ones_own(digits):
    X, y = digits[0][:300], digits[1][:300]
    own = [layers.Conv(8, 3, activation="tanh"), layers.Flatten()]
    model = ConvClassifier(own, input_shape=(8, 8, 1), epochs=2, dtype="float64").fit(X, y)
    assert list(model.network_.weights) == ["conv1.weights", "conv1.bias", "linear1.weights", "linear1.bias"]
    assert clone(model).layers == own and model.network_.dtype == "float64" and len(model.history_.loss) == 2


def test_a_regressor_of_several_targets(digits):
    X = digits[0][:400]
    y = np.stack([X.mean(axis=1), X[:, :32].mean(axis=1) * 100 - 7], axis=1)
    model = ConvRegressor([layers.Flatten()], input_shape=(8, 8, 1), epochs=200).fit(X[:300], y[:300])
    assert model.predict(X[300:]).shape == (100, 2)
    assert model.score(X[300:], y[300:]) > 0.9


def test_refusals(digits):
    X, y = digits[0][:20], digits[1][:20]
    with pytest.raises(ValueError, match=r"^X: got \(20, 64\), expected rows or images of input_shape \(9, 8, 1\)$"):
        ConvClassifier(input_shape=(9, 8, 1)).fit(X, y)
    with pytest.raises(ValueError, match="batch"):
        ConvClassifier(batch_size=0).fit(X, y)


def test_the_example_of_the_module():
    assert doctest.testmod(convstep.sklearn).failed == 0
    assert doctest.testmod(layers).failed == 0


def test_without_scikit_learn():
    program = """
import sys
sys.modules["sklearn"] = None
import convstep
try:
    convstep.sklearn
except ImportError as error:
    assert str(error).startswith("convstep.sklearn needs scikit-learn"), error
else:
    raise SystemExit("imported")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_numbers_that_are_all_the_same():
    same = np.full((60, 9), 0.1)
    model = ConvRegressor(epochs=1).fit(same, np.arange(60) % 7.0)
    assert np.abs(model.predict(same + 0.001)).max() < 100
    for dtype in (np.float32, np.float64):
        assert convstep.sklearn._mean_and_scale(np.full((60, 1), 0.1, dtype))[1] == 1


@pytest.mark.parametrize("size", [1e-30, 1e-25, 1e20, 1e37])
def test_numbers_of_any_size(size: float):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 9)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    model = ConvClassifier(epochs=60).fit((x * np.float32(size)).astype(np.float32), y)
    assert model.score((x * np.float32(size)).astype(np.float32), y) > 0.9


def test_a_loss_that_is_no_number():
    x = np.random.default_rng(0).normal(size=(60, 9))
    with pytest.warns(RuntimeWarning, match="no number from epoch"), pytest.raises(ValueError, match="rate is too large"):
        ConvClassifier(epochs=5, optimizer=Sgd(1e12)).fit(x, np.arange(60) % 3)
