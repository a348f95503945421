"""Network.fit: what it learns, with which bits, and how it ends."""

import importlib.util
import pathlib

import numpy as np
import pytest

import convstep
from convstep import Adam, Network, Sgd, layers

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"
LAYERS = [layers.Conv(6, 3, padding="same", activation="relu"), layers.MaxPool(2), layers.Flatten(), layers.Linear(3)]


def examples(n: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Which third of the image is brightest?"""
    random = np.random.default_rng(1)
    y = random.integers(0, 3, n)
    x = random.normal(size=(n, 6, 6, 1))
    for k, third in enumerate(y):
        x[k, 2 * third : 2 * third + 2] += 1.5
    return x, y


def made(dtype: str = "float32") -> Network:
    return Network(LAYERS, (6, 6, 1), seed=3, dtype=dtype)


@pytest.mark.parametrize("optimizer", [Sgd(0.1), Sgd(0.05, momentum=0.9, decay=1e-3), Adam(0.01)])
def test_it_learns_and_tells_how(optimizer, capsys):
    x, y = examples()
    network = made()
    history = network.fit(x, y, optimizer=optimizer, epochs=20, batch_size=8, validation=(x, y))
    assert history.loss[-1] < 0.3 * history.loss[0]
    assert all(len(values) == 20 for values in vars(history).values())
    assert (network.predict(x) == y).mean() == pytest.approx(history.validation_accuracy[-1])
    assert history.validation_accuracy[-1] >= 0.95
    assert capsys.readouterr().err == ""  # no terminal, no bar


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_step_has_the_bits_of_the_functions(dtype):
    x, y = examples(8)
    x = x.astype(dtype)
    network = made(dtype)
    w = network.weights
    network.fit(x, y, optimizer=Sgd(0.5), batch_size=8, shuffle=False)

    A = convstep.conv2d(x, w["conv1.weights"], w["conv1.bias"], padding="same", activation="relu")
    P, where = convstep.max_pool2d(A, 2, return_indices=True)
    rows = P.reshape(8, -1)
    _, grad = convstep.softmax_cross_entropy(convstep.linear(rows, w["linear1.weights"], w["linear1.bias"]), y)
    grad, dW, db = convstep.linear_backward(grad, rows, w["linear1.weights"])
    grad = convstep.activation_backward(convstep.max_pool2d_backward(grad.reshape(P.shape), A, 2, indices=where), A, "relu")
    dF, df = convstep.conv2d_backward_weights(grad, x, w["conv1.weights"].shape, bias=True, padding="same")
    for name, gradient in (("linear1.weights", dW), ("linear1.bias", db), ("conv1.weights", dF), ("conv1.bias", df)):
        expected = w[name] - np.dtype(dtype).type(0.5) * gradient
        assert network.weights[name].tobytes() == expected.tobytes(), name


def test_threads_and_parts_change_no_bit():
    x, y = examples()

    def learned(**options) -> dict[str, bytes]:
        network = made()
        network.fit(x, y, optimizer=Adam(0.01), epochs=3, batch_size=16, **options)
        return {name: array.tobytes() for name, array in network.weights.items()}

    expected = learned(threads=1)
    assert learned(threads=2) == expected and learned(threads=3, parts=4) == expected
    assert learned(seed=1) != expected and learned(shuffle=False) != expected


def test_rows_are_learnt():
    x, y = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    network = Network([layers.Linear(32, activation="relu"), layers.Linear(10)], (64,), seed=1)
    history = network.fit(x[:1400] / 16, y[:1400], epochs=15, validation=(x[1400:] / 16, y[1400:]))
    assert history.validation_accuracy[-1] > 0.85
    assert (network.predict(x[1400:] / 16) == y[1400:]).mean() == history.validation_accuracy[-1]
    assert repr(network) == "Network(input (N, 64), float32, 2410 parameters)"


def test_targets_are_met():
    random = np.random.default_rng(2)
    x = random.normal(size=(64, 6, 6, 1))
    y = np.stack([x.mean(axis=(1, 2, 3)), x[:, 0].mean(axis=(1, 2))], axis=1)
    network = Network([layers.Flatten(), layers.Linear(2)], (6, 6, 1))
    history = network.fit(x, y, loss="squared_error", optimizer=Adam(0.02), epochs=60)
    assert history.loss[-1] < 1e-3 and history.accuracy == [] and history.validation_loss == []
    np.testing.assert_allclose(network(x), y, atol=0.1)


def test_what_a_callback_raises_ends_it_after_a_whole_step():
    x, y = examples()
    network, one = made(), made()
    one.fit(x, y, batch_size=8)

    def stop(history: convstep.History) -> None:
        raise StopIteration(len(history.loss))

    with pytest.raises(StopIteration, match="1"):
        network.fit(x, y, batch_size=8, epochs=5, on_epoch=stop)
    assert network(x).tobytes() == one(x).tobytes()
    steps = []
    with pytest.raises(ZeroDivisionError):
        network.fit(x, y, batch_size=8, rate=lambda step, n: steps.append((step, n)) or 1 / (2 - step))
    assert steps == [(0, 6), (1, 6), (2, 6)]


def test_a_bar_shows_how_far_it_is(capsys):
    x, y = examples()
    made().fit(x, y, epochs=2, progress=True)
    assert "epoch 2: loss " in capsys.readouterr().err


def test_copies_do_not_change():
    x, y = examples()
    network = made()
    before, copied = network(x).tobytes(), network.__copy__()
    network.fit(x, y)
    assert copied(x).tobytes() == before != network(x).tobytes()


@pytest.mark.parametrize("options, error, message", [
    ({"loss": "mse"}, ValueError, "loss: got 'mse'"),
    ({"optimizer": Adam}, TypeError, "(write convstep.Adam())"),
    ({"optimizer": "adam"}, TypeError, "optimizer: got 'adam', expected convstep.Sgd(...) or convstep.Adam(...) (write convstep.Adam())"),
    ({"rate": 0.1}, TypeError, "rate: got 0.1, expected a function (a rate that stays the same is the optimizer's)"),
    ({"on_epoch": "print"}, TypeError, "on_epoch: got 'print', expected a function"),
    ({"optimizer": Sgd(momentum=1)}, ValueError, "momentum: got 1"),
    ({"epochs": 0}, ValueError, "epochs: got 0"),
    ({"batch_size": 0}, ValueError, "batch_size: got 0"),
    ({"parts": 0}, ValueError, "parts: got 0"),
    ({"y": [0.5] * 48}, TypeError, "y: got an array of float64, expected integers"),
    ({"y": [7] * 48}, ValueError, "y"),
    ({"y": [0] * 47}, ValueError, "47"),
    ({"x": np.zeros((48, 6, 6))}, ValueError, "x[..., None]"),
    ({"x": np.zeros((48, 9, 6, 1))}, ValueError, "x: got images of 9 x 6, and the network was made for 6 x 6: "),
    ({"optimizer": np.zeros(9)}, TypeError, "optimizer: got an array of shape (9,), expected convstep.Sgd(...) or"),
    ({"seed": -1}, ValueError, "seed: got -1, expected 0 or more"),
    ({"seed": 1.5}, TypeError, "seed: got 1.5, expected an integer"),
    ({"validation": np.zeros((2, 6, 6, 1))}, TypeError, "validation: got an array of shape (2, 6, 6, 1), expected a pair (x, y)"),
    ({"validation": (np.zeros((4, 6, 6, 1)),)}, TypeError, "expected a pair (x, y)"),
    ({"validation": ("x", [0])}, TypeError, "validation[0]: got 'x', expected an array of numbers"),
    ({"validation": (np.zeros((4, 6, 6, 1)), [0.5] * 4)}, TypeError, "validation[1]: got an array of float64, expected integers"),
    ({"validation": (np.zeros((4, 6, 6)), [0] * 4)}, ValueError, "validation[0][..., None]"),
    ({"validation": (np.zeros((4, 6, 6, 1)), [0] * 3)}, ValueError, "validation[1]: got 3 rows, expected 4"),
    ({"epoch": 3}, TypeError, "Network.fit() has no argument 'epoch'; did you mean 'epochs'?"),
])
def test_refusals(options, error, message):
    x, y = examples()
    network = made()
    before = network(x).tobytes()
    with pytest.raises(error) as raised:
        network.fit(**({"x": x, "y": y} | options))
    assert message in str(raised.value)
    assert network(x).tobytes() == before


@pytest.mark.parametrize("make, message", [
    (lambda: Sgd(lr=0.1), "Sgd() has no argument 'lr'; did you mean 'rate'?"),
    (lambda: Adam(learning_rate=0.1), "Adam() has no argument 'learning_rate'; did you mean 'rate'?"),
])
def test_optimizers_know_their_arguments(make, message):
    with pytest.raises(TypeError) as raised:
        make()
    assert str(raised.value) == message


@pytest.mark.parametrize("loss, images, answers, message", [
    ("cross_entropy", (4, 6, 6, 1), [7] * 4, r"^validation\[1\]: got 7"),
    ("cross_entropy", (4, 9, 6, 1), [0] * 4, "^validation, .*linear1"),
    ("squared_error", (4, 6, 6, 1), np.zeros((4, 2)), r"^validation\[1\]: got \(4, 2\), expected \(4, 3\)"),
])
def test_validation_is_named_where_the_network_refuses_it(loss, images, answers, message):
    x, y = examples()
    with pytest.raises(ValueError, match=message):
        made().fit(x, y if loss == "cross_entropy" else np.eye(3)[y], loss=loss, validation=(np.zeros(images), answers))


def test_the_example_learns_digits(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.syspath_prepend(EXAMPLES)
    spec = importlib.util.spec_from_file_location("digits_network_example", EXAMPLES / "digits_network.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.main(tmp_path) >= 0.975
    assert "accuracy on the digits held out: 9" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"network.npz", "digits.png"}
