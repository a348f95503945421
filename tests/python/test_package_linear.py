"""Linear layers and the loss of a classifier in Python: against NumPy, and what is refused."""

import collections.abc

import numpy as np
import pytest

import convstep

every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SIZES = [(1, 1, 1), (3, 5, 2), (7, 40, 33), (64, 17, 10), (2, 300, 130), (0, 4, 3)]
every_size = pytest.mark.parametrize("N, C, O", SIZES)


def whole(*shape: int, dtype: object = np.float64, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(dtype)


@every_dtype
@every_size
@pytest.mark.parametrize("numerics", ["fast", "numpy"])
def test_whole_numbers_are_exact(N: int, C: int, O: int, dtype: type, numerics: str) -> None:
    x, w, b, grad = (whole(*shape, dtype=dtype, seed=i) for i, shape in enumerate(((N, C), (C, O), (O,), (N, O))))
    output = convstep.linear(x, w, b, numerics=numerics)
    assert output.dtype == dtype
    np.testing.assert_array_equal(output, x @ w + b)
    np.testing.assert_array_equal(convstep.linear(x, w, activation="relu"), np.maximum(x @ w, 0))
    dx, dw, db = convstep.linear_backward(grad, x, w, numerics=numerics)
    assert dx.dtype == dw.dtype == db.dtype == dtype
    np.testing.assert_array_equal(dx, grad @ w.T)
    np.testing.assert_array_equal(dw, x.T @ grad)
    np.testing.assert_array_equal(db, grad.sum(axis=0))
    assert convstep.linear_backward(grad, x, w, bias=False)[2] is None


def test_a_linear_layer_has_the_bits_of_a_convolution_of_pixels() -> None:
    rng = np.random.default_rng(2)
    x, w, b, grad = (rng.standard_normal(shape) for shape in ((37, 50), (50, 29), (29,), (37, 29)))
    output = convstep.conv2d(x[:, None, None], w[None, None], b, activation="tanh")[:, 0, 0]
    np.testing.assert_array_equal(convstep.linear(x, w, b, activation="tanh"), output)
    convolved = convstep.conv2d_backward(grad[:, None, None], x[:, None, None], w[None, None])
    for ours, theirs in zip(convstep.linear_backward(grad, x, w), convolved, strict=True):
        np.testing.assert_array_equal(ours.ravel(), theirs.ravel())


def test_out_accumulate_and_parts_of_a_batch() -> None:
    rng = np.random.default_rng(3)
    x, w, grad = (rng.standard_normal(shape) for shape in ((64, 13), (13, 70), (64, 70)))
    out = np.empty((64, 70), order="F")
    assert convstep.linear(x, w, out=out, threads=2) is out
    np.testing.assert_array_equal(out, convstep.linear(x, w))
    complete = convstep.linear_backward(grad, x, w)
    sums = np.zeros(w.shape), np.zeros(70)
    for first in range(0, 64, 23):
        part = slice(first, first + 23)
        dx, dw, db = convstep.linear_backward(grad[part], x[part], w, out=(None, *sums), accumulate=True)
        assert dw is sums[0] and db is sums[1]
        np.testing.assert_array_equal(dx, complete[0][part])
    np.testing.assert_array_equal(sums[0], complete[1])
    np.testing.assert_array_equal(sums[1], complete[2])


X, W, GRAD = np.ones((3, 4)), np.ones((4, 5)), np.ones((3, 5))
UNTOUCHED = np.full((3, 4), 7.0), np.full((4, 5), 7.0), np.full(5, 7.0)


@pytest.mark.parametrize("call, error, message", [
    (lambda: convstep.linear(X, W.T), ValueError, "weights: got (5, 4), expected (4, 5) (it looks like (O, C): write weights.T)"),
    (lambda: convstep.linear(X, np.ones((3, 5))), ValueError, "weights: got (3, 5), expected (4, 5) (input (3, 4))"),
    (lambda: convstep.linear(X, W, np.ones(4)), ValueError, "bias: got (4,), expected (5,) (one number per output channel)"),
    (lambda: convstep.linear(X, W, np.ones((1, 5))), ValueError,
     "bias: got (1, 5), expected an array of 1 axis (for one row or column: bias.ravel())"),
    (lambda: convstep.linear(X[0], W), ValueError, "input: got (4,), expected an array of 2 axes (for one row: input[None])"),
    (lambda: convstep.linear(np.ones((3, 2, 2, 1)), W), ValueError,
     "input: got (3, 2, 2, 1), expected an array of 2 axes (for a batch of images: input.reshape(N, -1))"),
    (lambda: convstep.linear(X, W, out=np.ones((3, 4))), ValueError,
     "out: got (3, 4), expected (3, 5) (a row for each input, a column for each output)"),
    (lambda: convstep.linear(X, np.ones((4, 4)), out=X), ValueError,
     "out: got memory that overlaps input, expected memory of its own"),
    (lambda: convstep.linear(X, W, activation="ReLU"), ValueError, "activation: got 'ReLU', expected "),
    (lambda: convstep.linear(X, weight=W), TypeError, "linear() has no argument 'weight'; did you mean 'weights'?"),
    (lambda: convstep.linear_backward(GRAD[:2], X, W), ValueError,
     "grad: got (2, 5), expected (3, 5) (a row for each input, a column for each output)"),
    (lambda: convstep.linear_backward(GRAD, X, W.T), ValueError,
     "weights: got (5, 4), expected (4, 5) (it looks like (O, C): write weights.T)"),
    (lambda: convstep.linear_backward(GRAD, X, W, accumulate=True), ValueError,
     "accumulate: got True, expected False where there is no out (it adds to what out holds)"),
    (lambda: convstep.linear_backward(GRAD, X, W, out=(None, np.ones((5, 4)), None)), ValueError,
     "out[1]: got (5, 4), expected (4, 5) (the shape of the weights)"),
    (lambda: convstep.linear_backward(GRAD, X, W, out=(np.ones((3, 5)), None, None)), ValueError,
     "out[0]: got (3, 5), expected (3, 4) (the shape of the input)"),
    (lambda: convstep.linear_backward(GRAD, X, W, out=(None, None, np.ones(4))), ValueError,
     "out[2]: got (4,), expected (5,) (one number per output channel)"),
    (lambda: convstep.linear_backward(GRAD, X, W, out=(X, None, None)), ValueError,
     "out[0]: got memory that overlaps input, expected memory of its own"),
    (lambda: convstep.linear_backward(GRAD, X, W, out=(None, W, None)), ValueError,
     "out[1]: got memory that overlaps weights, expected memory of its own"),
    (lambda: convstep.linear_backward(GRAD, X, W, out=X), TypeError,
     "out: got a numpy.ndarray, expected a tuple of three, (input_grad, weights_grad, bias_grad)"),
    (lambda: convstep.linear_backward(GRAD, X, W, activation="relu"), TypeError, "linear_backward() has no argument "
     "'activation'; multiply by its derivative first: activation_backward(grad, input, activation)"),
])
def test_what_is_wrong_with_a_linear_layer(call: collections.abc.Callable, error: type, message: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert (X == 1).all() and (W == 1).all()


def test_nothing_is_written_before_all_is_checked() -> None:
    for options in ({"threads": 2000}, {"numerics": "slow"}):
        with pytest.raises(ValueError):
            convstep.linear_backward(GRAD, X, W, out=UNTOUCHED, **options)
    with pytest.raises(ValueError):
        convstep.linear_backward(GRAD, X, W, out=(*UNTOUCHED[:2], np.ones(4)))
    assert all((array == 7).all() for array in UNTOUCHED)


def reference_loss(logits: np.ndarray, labels: np.ndarray) -> tuple[np.floating, np.ndarray]:
    z = logits.astype(np.longdouble) - logits.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    here = np.arange(len(labels)), labels
    loss = -np.log(p[here]).sum()
    p[here] -= 1
    return loss, p


@every_dtype
def test_the_loss_and_its_gradient(dtype: type) -> None:
    rng = np.random.default_rng(4)
    for N, K in ((1, 1), (5, 3), (64, 10), (3, 1000)):
        logits, labels = (5 * rng.standard_normal((N, K))).astype(dtype), rng.integers(0, K, N)
        total, p = reference_loss(logits, labels)
        accuracy = {"rtol": 50 * np.finfo(dtype).eps, "atol": 4 * np.finfo(dtype).eps}
        for count in (None, 1, 7):
            loss, grad = convstep.softmax_cross_entropy(logits, labels, count=count)
            assert type(loss) is dtype and grad.dtype == dtype
            np.testing.assert_allclose(loss, total / (count or N), **accuracy)
            np.testing.assert_allclose(grad, p / (count or N), **accuracy)
        np.testing.assert_array_equal(convstep.softmax_cross_entropy(logits, labels.astype(np.uint16))[1],
                                      convstep.softmax_cross_entropy(logits, labels.tolist())[1])
        out = logits.copy()
        again, where = convstep.softmax_cross_entropy(out, labels, out=out)
        assert where is out and again == convstep.softmax_cross_entropy(logits, labels)[0]
        np.testing.assert_array_equal(out, convstep.softmax_cross_entropy(logits, labels)[1])


def test_a_loss_in_parts_has_the_bits_of_the_whole() -> None:
    rng = np.random.default_rng(5)
    logits, labels = rng.standard_normal((64, 10)).astype(np.float32), rng.integers(0, 10, 64)
    loss, grad = convstep.softmax_cross_entropy(logits, labels)
    so_far, out = np.float32(0), np.empty_like(logits)
    for first in range(0, 64, 24):
        part = slice(first, first + 24)
        so_far, _ = convstep.softmax_cross_entropy(logits[part], labels[part], count=64, loss_so_far=so_far, out=out[part])
    assert so_far == loss
    np.testing.assert_array_equal(out, grad)


def test_an_empty_batch() -> None:
    loss, grad = convstep.softmax_cross_entropy(np.zeros((0, 3), np.float32), np.zeros(0, int), loss_so_far=2)
    assert loss == 2 and type(loss) is np.float32 and grad.shape == (0, 3)


Z, LABELS = np.zeros((3, 4)), np.array([0, 3, 1])


@pytest.mark.parametrize("call, error, message", [
    (lambda: convstep.softmax_cross_entropy(Z, [0, 4, 1]), ValueError,
     "labels: got 4 at index 1, expected 0 to 3 (there are 4 classes)"),
    (lambda: convstep.softmax_cross_entropy(Z, [0, -1, 1]), ValueError,
     "labels: got -1 at index 1, expected 0 to 3 (there are 4 classes)"),
    (lambda: convstep.softmax_cross_entropy(Z, LABELS[:2]), ValueError,
     "labels: got (2,), expected (3,) (one for each row of the logits)"),
    (lambda: convstep.softmax_cross_entropy(Z, LABELS[:, None]), ValueError,
     "labels: got (3, 1), expected an array of 1 axis (for a column: labels.ravel())"),
    (lambda: convstep.softmax_cross_entropy(Z, np.eye(4, dtype=int)[LABELS]), ValueError,
     "labels: got (3, 4), expected an array of 1 axis (for a row with a 1 for each: labels.argmax(axis=1))"),
    (lambda: convstep.softmax_cross_entropy(Z, np.eye(4)[LABELS]), TypeError,
     "labels: got an array of float64, expected integers (of one row for each: labels.argmax(axis=1))"),
    (lambda: convstep.softmax_cross_entropy(Z, LABELS.astype(float)), TypeError,
     "labels: got an array of float64, expected integers"),
    (lambda: convstep.softmax_cross_entropy(Z, 1), ValueError, "labels: got (), expected an array of 1 axis"),
    (lambda: convstep.softmax_cross_entropy(Z, "cat"), TypeError, "labels: got 'cat', expected an array of integers"),
    (lambda: convstep.softmax_cross_entropy(Z[0], LABELS), ValueError,
     "logits: got (4,), expected an array of 2 axes (for one row: logits[None])"),
    (lambda: convstep.softmax_cross_entropy(Z.reshape(3, 1, 1, 4), LABELS), ValueError, "logits: got (3, 1, 1, 4), expected "
     "an array of 2 axes (for what a convolution leaves of each image: logits[:, 0, 0])"),
    (lambda: convstep.softmax_cross_entropy(Z, LABELS, count=0), ValueError, "count: got 0, expected None or 1 or more"),
    (lambda: convstep.softmax_cross_entropy(Z, LABELS, out=np.zeros((3, 5))), ValueError,
     "out: got (3, 5), expected (3, 4) (the shape of the logits)"),
    (lambda: convstep.softmax_cross_entropy(Z, targets=LABELS), TypeError,
     "softmax_cross_entropy() has no argument 'targets'; did you mean 'labels'?"),
    (lambda: convstep.softmax_cross_entropy(Z, LABELS, reduction="sum"), TypeError,
     "softmax_cross_entropy() has no argument 'reduction'; the loss is a mean; count=1 makes it a sum"),
])
def test_what_is_wrong_with_a_loss(call: collections.abc.Callable, error: type, message: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message
