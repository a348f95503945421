"""The gradients of conv2d and of activations, as the ecosystem calls them: against plain loops, and what is refused."""

import collections.abc

import numpy as np
import pytest

import backward_loops
import convstep
from package_cases import filters_first, to_nchw

CASES = {
    "plain": {},
    "stride": {"stride": (2, 3)},
    "padding": {"padding": ((1, 0), (2, 1))},
    "dilation": {"dilation": (2, 1), "padding": ((1, 1), (1, 1))},
    "groups": {"groups": 2, "stride": (1, 2)},
    "depthwise": {"groups": 4, "padding": ((1, 1), (1, 1))},
}
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
every_layout = pytest.mark.parametrize("layout", ["NHWC", "NCHW"])


class Layer:
    """A layer of whole numbers, whose sums are exact, with its gradients. `given` is for the layout."""

    def __init__(self, case: dict, dtype: object = np.float64, layout: str = "NHWC"):
        rng = np.random.default_rng(7)
        self.options = {**case, "layout": layout}
        self.x = rng.integers(-4, 5, (2, 7, 8, 4)).astype(dtype)
        self.w = rng.integers(-4, 5, (3, 2, 4 // case.get("groups", 1), 8)).astype(dtype)
        self.grad = rng.integers(-4, 5, convstep.conv2d(self.x, self.w, **case).shape).astype(dtype)
        self.dx, self.dw, self.db = backward_loops.conv_backward(self.grad, self.x, self.w, **case)
        if layout == "NCHW":
            self.x, self.grad, self.dx = to_nchw(self.x), to_nchw(self.grad), to_nchw(self.dx)
            self.w, self.dw = filters_first(self.w), filters_first(self.dw)

    def input_grad(self, **more) -> np.ndarray:
        return convstep.conv2d_backward_input(self.grad, self.w, self.x.shape, **self.options, **more)

    def weights_grad(self, **more) -> np.ndarray:
        return convstep.conv2d_backward_weights(self.grad, self.x, self.w.shape, **self.options, **more)


@every_layout
@every_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("numerics", ["fast", "numpy"])
def test_whole_numbers_are_exact(case: dict, dtype: type, layout: str, numerics: str) -> None:
    layer = Layer(case, dtype, layout)
    np.testing.assert_array_equal(layer.input_grad(numerics=numerics), layer.dx)
    np.testing.assert_array_equal(layer.weights_grad(numerics=numerics), layer.dw)
    weights_grad, bias_grad = layer.weights_grad(bias=True, numerics=numerics)
    together = convstep.conv2d_backward(layer.grad, layer.x, layer.w, **layer.options, numerics=numerics)
    for ours, theirs in zip((weights_grad, bias_grad, *together), (layer.dw, layer.db, layer.dx, layer.dw, layer.db),
                            strict=True):
        assert ours.dtype == dtype and ours.flags.c_contiguous
        np.testing.assert_array_equal(ours, theirs)
    without = convstep.conv2d_backward(layer.grad, layer.x, layer.w, bias=False, **layer.options)
    assert without[2] is None
    np.testing.assert_array_equal(without[1], layer.dw)


@pytest.mark.parametrize("algorithm", ["auto", "direct", "winograd", "reference"])
def test_algorithms_and_numpys_bits(algorithm: str) -> None:
    rng = np.random.default_rng(1)
    x, w, grad = (rng.standard_normal(shape) for shape in ((1, 9, 8, 8), (3, 3, 8, 8), (1, 9, 8, 8)))
    loops = backward_loops.conv_backward(grad, x, w, padding=((1, 1), (1, 1)))
    ours = convstep.conv2d_backward(grad, x, w, padding=1, algorithm=algorithm)
    for gradient, exact in zip(ours, loops, strict=True):
        if algorithm == "reference":
            np.testing.assert_array_equal(gradient, exact)
        np.testing.assert_allclose(gradient, exact, rtol=0, atol=1e-12)
    for gradient, exact in zip(convstep.conv2d_backward(grad, x, w, padding=1, numerics="numpy"), loops, strict=True):
        np.testing.assert_array_equal(gradient, exact)


@every_layout
def test_the_same_padding(layout: str) -> None:
    layer = Layer({"padding": ((1, 1), (0, 1))}, layout=layout)
    del layer.options["padding"]
    np.testing.assert_array_equal(layer.input_grad(padding="same"), layer.dx)
    np.testing.assert_array_equal(layer.weights_grad(padding="same"), layer.dw)


@every_layout
@every_case
def test_out_and_accumulate(case: dict, layout: str) -> None:
    layer = Layer(case, layout=layout)
    for call, gradient in ((layer.input_grad, layer.dx), (layer.weights_grad, layer.dw)):
        out = np.full(gradient.shape, 3.0, order="F")
        assert call(out=out) is out
        np.testing.assert_array_equal(out, gradient)
        assert call(out=out, accumulate=True) is out
        np.testing.assert_array_equal(out, 2 * gradient)
        call(out=out, accumulate=False)
        np.testing.assert_array_equal(out, gradient)
    pair = np.ones_like(layer.dw), np.ones_like(layer.db)
    got = layer.weights_grad(bias=True, out=pair, accumulate=True)
    assert got[0] is pair[0] and got[1] is pair[1]
    np.testing.assert_array_equal(pair[0], layer.dw + 1)
    np.testing.assert_array_equal(pair[1], layer.db + 1)


def test_a_batch_in_parts_has_the_bits_of_the_whole() -> None:
    rng = np.random.default_rng(2)
    x, grad = rng.standard_normal((6, 9, 9, 8)), rng.standard_normal((6, 9, 9, 16))
    whole = convstep.conv2d_backward_weights(grad, x, (3, 3, 8, 16), padding=1, bias=True)
    parts = np.zeros((3, 3, 8, 16)), np.zeros(16)
    for first in (0, 2, 4):
        part = slice(first, first + 2)
        convstep.conv2d_backward_weights(grad[part], x[part], (3, 3, 8, 16), padding=1, bias=True, out=parts, accumulate=True)
    for ours, theirs in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_threads_change_no_bit() -> None:
    rng = np.random.default_rng(3)
    x, w, grad = (rng.standard_normal(shape) for shape in ((3, 33, 20, 16), (3, 3, 16, 24), (3, 33, 20, 24)))
    one = convstep.conv2d_backward(grad, x, w, padding=1, threads=1)
    for ours, theirs in zip(convstep.conv2d_backward(grad, x, w, padding=1, threads=5), one, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtypes, expected", [
    (("f4", "f4", "f4"), "f4"), (("f4", "f8", "f4"), "f8"), (("f8", "f4", "f4"), "f8"), (("f2", "f2", "f2"), "f4"),
    (("i8", "f4", "f4"), "f8"), (("f2", "f4", "f2"), "f4")])
def test_dtypes(dtypes: tuple[str, str, str], expected: str) -> None:
    layer = Layer({})
    grad, x, w = (a.astype(dtype) for a, dtype in zip((layer.grad, layer.x, layer.w), dtypes, strict=True))
    for gradient, exact in zip(convstep.conv2d_backward(grad, x, w), (layer.dx, layer.dw, layer.db), strict=True):
        assert gradient.dtype == expected
        np.testing.assert_array_equal(gradient, exact)


def test_the_shape_may_be_given_in_every_way() -> None:
    layer = Layer({"stride": (2, 3)})
    for shape in (list(layer.x.shape), np.array(layer.x.shape), layer.x, tuple(map(np.int32, layer.x.shape))):
        again = convstep.conv2d_backward_input(layer.grad, layer.w, shape, stride=(2, 3))
        np.testing.assert_array_equal(again, layer.dx)
    again = convstep.conv2d_backward_weights(layer.grad, layer.x, layer.w, stride=(2, 3))
    np.testing.assert_array_equal(again, layer.dw)


def test_a_batch_of_no_images() -> None:
    dx, dw, db = convstep.conv2d_backward(np.ones((0, 3, 4, 8)), np.ones((0, 5, 6, 4)), np.ones((3, 3, 4, 8)))
    assert dx.shape == (0, 5, 6, 4) and not dw.any() and not db.any() and dw.shape == (3, 3, 4, 8)


@pytest.mark.parametrize("name, derivative", [
    (None, lambda x: np.ones_like(x)), ("relu", lambda x: x > 0), ("relu6", lambda x: (x > 0) & (x < 6)),
    ("leaky_relu", lambda x: np.where(x > 0, 1, 0.25)), ("tanh", lambda x: 1 / np.cosh(x) ** 2),
    ("sigmoid", lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2)])
def test_activations(name: str | None, derivative: collections.abc.Callable) -> None:
    x = np.linspace(-8, 8, 2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    x[0, 0, 0] = [0.0, -0.0, 6, -1, 7]
    grad = np.random.default_rng(4).standard_normal(x.shape)
    got = convstep.activation_backward(grad, x, name, 0.25)
    np.testing.assert_allclose(got, grad * derivative(x), rtol=1e-12)
    rows, out = x.reshape(-1, 5)[::2], np.empty((12, 5))[:, ::-1]
    assert convstep.activation_backward(grad.reshape(-1, 5)[::2], rows, name, 0.25, out=out) is out
    np.testing.assert_array_equal(out, got.reshape(-1, 5)[::2])
    for out in (np.empty_like(x), grad, x):
        assert convstep.activation_backward(grad, x, name, slope=0.25, out=out, threads=2) is out
        np.testing.assert_array_equal(out, got)
        grad = np.random.default_rng(4).standard_normal(x.shape)


X, W, GRAD = np.ones((2, 5, 6, 4)), np.ones((3, 3, 4, 8)), np.ones((2, 3, 4, 8))
PAIR = "expected a tuple of two, (weights_grad, bias_grad)"


def of_input(grad: object = GRAD, weights: object = W, shape: object = X.shape, **more: object) -> np.ndarray:
    return convstep.conv2d_backward_input(grad, weights, shape, **more)


def of_weights(grad: object = GRAD, x: object = X, shape: object = W.shape, **more: object) -> np.ndarray:
    return convstep.conv2d_backward_weights(grad, x, shape, **more)


@pytest.mark.parametrize("call, message", [
    (lambda: of_input(GRAD[:, :2]), "grad: got (2, 2, 4, 8), expected (2, 3, 4, 8) (the shape of the layer's output)"),
    (lambda: of_input(to_nchw(GRAD)), "grad: got (2, 8, 3, 4), expected (2, 3, 4, 8) (it looks like (N, C, H, W))"),
    (lambda: of_input(GRAD, filters_first(W), (2, 4, 5, 6), layout="NCHW"),
     "grad: got (2, 3, 4, 8), expected (2, 8, 3, 4) (it looks like (N, H, W, C))"),
    (lambda: of_input(shape=(2, 5, 6, 3)),
     "weights: got (3, 3, 4, 8), expected (3, 3, 3, 8) (input_shape (2, 5, 6, 3) has 3 channels)"),
    (lambda: of_input(shape=(2, 4, 5, 6)),
     "input_shape: got (2, 4, 5, 6), expected (2, 5, 6, 4) (it looks like (N, C, H, W))"),
    (lambda: of_input(shape=X.shape, layout="NCHW"), "weights: got (3, 3, 4, 8), expected (8, 4, 3, 3) "
     "(the arrays look like (N, H, W, C) and (KH, KW, C, O): use layout=\"NHWC\")"),
    (lambda: of_input(to_nchw(GRAD), filters_first(W), X.shape, layout="NCHW"),
     "input_shape: got (2, 5, 6, 4), expected (2, 4, 5, 6) (it looks like (N, H, W, C))"),
    (lambda: of_input(shape=(2, 0, 6, 4)),
     "input_shape: got (2, 0, 6, 4), expected no axis of length 0 but the first, the batch"),
    (lambda: of_input(accumulate=True),
     "accumulate: got True, expected False where there is no out (it adds to what out holds)"),
    (lambda: of_input(out=np.zeros((2, 5, 6, 5))), "out: got (2, 5, 6, 5), expected (2, 5, 6, 4)"),
    (lambda: of_input(GRAD[..., :4], W[..., :4], (2, 5, 6, 4), out=np.broadcast_to(0.0, (2, 5, 6, 4))),
     "out: got a read-only array, expected a writable, aligned array of float64"),
    (lambda: of_input(out=np.zeros((2, 5, 6, 4), np.float32)),
     "out: got an array of float32, expected a writable, aligned array of float64"),
    (lambda: of_input(numerics="numpy", algorithm="winograd"),
     "algorithm: got winograd, expected auto or reference, as the numerics are NumPy's"),
    (lambda: of_weights(GRAD[:1]), "grad: got (1, 3, 4, 8), expected (2, 3, 4, 8) (the shape of the layer's output)"),
    (lambda: of_weights(shape=(3, 3, 3, 8)),
     "weights_shape: got (3, 3, 3, 8), expected (3, 3, 4, 8) (input (2, 5, 6, 4) has 4 channels)"),
    (lambda: of_weights(shape=(8, 4, 3, 3)),
     "weights_shape: got (8, 4, 3, 3), expected (3, 3, 4, 8) (it looks like (O, C, KH, KW))"),
    (lambda: of_weights(to_nchw(GRAD), to_nchw(X), (8, 4, 3, 3)), "weights_shape: got (8, 4, 3, 3), expected (3, 3, 4, 8) "
     "(the arrays look like (N, C, H, W) and (O, C, KH, KW): use layout=\"NCHW\")"),
    (lambda: of_weights(shape=(7, 3, 4, 8)),
     "weights_shape (KH, KW): got (7, 3), expected a window that fits into the padded input "
     "(the window (7, 3) is larger than the padded input (5, 6))"),
    (lambda: of_weights(out=np.zeros((3, 3, 8, 4))), "out: got (3, 3, 8, 4), expected (3, 3, 4, 8)"),
    (lambda: of_weights(bias=True, out=(np.zeros(W.shape), np.zeros(7))),
     "out[1]: got (7,), expected (8,) (one number per output channel)"),
    (lambda: of_weights(bias=True, out=(np.zeros(W.shape, int), np.zeros(8))),
     "out[0]: got an array of int64, expected a writable, aligned array of float64"),
])
def test_values_that_cannot_be(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize("call, message", [
    (lambda: of_input(shape=None), "input_shape: got None, expected four integers"),
    (lambda: of_input(shape=(5, 6, 4)), "input_shape: got (5, 6, 4), expected four integers (for one image: (1, 5, 6, 4))"),
    (lambda: of_weights(shape=3), "weights_shape: got 3, expected four integers"),
    (lambda: of_weights(bias=np.ones(8)), "bias: got array([1., 1., 1., 1., 1., 1., 1., 1.]), expected True or False"),
    (lambda: of_weights(bias=True, out=np.zeros(W.shape)), f"out: got a numpy.ndarray, {PAIR}"),
    (lambda: of_weights(bias=True, out=(np.zeros(W.shape),)), f"out: got a tuple, {PAIR}"),
    (lambda: of_weights(out=(np.zeros(W.shape), np.zeros(8))), "out: got a tuple, expected a NumPy array"),
    (lambda: of_weights(bias=True, out=(np.zeros(W.shape), None), accumulate=True),
     "out[1]: got None, expected a NumPy array"),
    (lambda: of_input(accumulate=1), "accumulate: got 1, expected True or False"),
    (lambda: of_input(grad_output=GRAD), "conv2d_backward_input() has no argument 'grad_output'; did you mean 'grad'?"),
    (lambda: of_input(activation="relu"), "conv2d_backward_input() has no argument 'activation'; "
     "multiply by its derivative first: activation_backward(grad, input, activation)"),
])
def test_types_that_cannot_be(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize("argument", ["grad", "weights", "input"])
def test_memory_that_overlaps(argument: str) -> None:
    memory = np.full(2000, 7.0)
    array = {"grad": GRAD, "weights": W, "input": X}[argument]
    shared = memory[100:100 + array.size].reshape(array.shape)
    if argument != "input":
        out = memory[:X.size].reshape(X.shape)
        with pytest.raises(ValueError, match=f"^out: got memory that overlaps {argument}, expected memory of its own"):
            of_input(**{argument: shared}, out=out)
    if argument != "weights":
        out = memory[:W.size].reshape(W.shape)
        name = {"grad": "grad", "input": "x"}[argument]
        with pytest.raises(ValueError, match=f"^out: got memory that overlaps {argument}, expected memory of its own"):
            of_weights(**{name: shared}, out=out)
    assert (memory == 7).all()


def test_an_output_that_overlaps_the_other() -> None:
    memory = np.full(2000, 7.0)
    outs = memory[:W.size].reshape(W.shape), memory[:8]
    with pytest.raises(ValueError, match=r"^out\[1\]: got memory that overlaps out\[0\], expected memory of its own"):
        of_weights(bias=True, out=outs)
    assert (memory == 7).all()
