"""The gradients of poolings, as the ecosystem calls them: against plain loops, and what is refused."""

import collections.abc

import numpy as np
import pytest

import backward_loops
import convstep
from package_cases import to_nchw

every_layout = pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
GEOMETRY = [((2, 2), (2, 2), (0, 0)), ((3, 2), (1, 2), (0, 0)), ((3, 3), (2, 1), (1, 1)), ((2, 3), (3, 2), (0, 1))]


def images(dtype: object = np.float64) -> np.ndarray:
    """Whole numbers, with equal ones in one window."""
    return np.random.default_rng(5).integers(-3, 4, (2, 7, 8, 3)).astype(dtype)


class Pooling:
    """One geometry in one layout, with a gradient for its output."""

    def __init__(self, geometry: tuple, layout: str, dtype: object = np.float64):
        self.window, self.stride, self.padding = geometry
        self.layout, self.x = layout, images(dtype)
        self.options = {"kernel_size": self.window, "stride": self.stride, "padding": self.padding, "layout": layout}
        shape = convstep.max_pool2d(self.x, self.window, self.stride, self.padding).shape
        self.grad = np.random.default_rng(6).integers(-4, 5, shape).astype(dtype)

    def ordered(self, array: np.ndarray) -> np.ndarray:
        return to_nchw(array) if self.layout == "NCHW" else array

    def loops(self, mode: str, **more) -> np.ndarray:
        """What is to be added up, in the layout."""
        loops = backward_loops.pool_backward(self.grad, self.x, self.window, self.stride, mode, self.padding, **more)
        return self.ordered(loops)


@every_layout
@pytest.mark.parametrize("geometry", GEOMETRY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_maxima(geometry: tuple, layout: str, dtype: type) -> None:
    pooling = Pooling(geometry, layout, dtype)
    grad, x = pooling.ordered(pooling.grad), pooling.ordered(pooling.x)
    first, every = pooling.loops("max"), pooling.loops("max", ties="all")
    assert (first != every).any()
    _, indices = convstep.max_pool2d(x, **pooling.options, return_indices=True)
    back = convstep.max_pool2d_backward
    for got, expected in (
        (back(grad, x, **pooling.options), first),
        (back(grad, x, ties="all", **pooling.options), every),
        (back(grad, None, indices=indices, input_shape=x.shape, **pooling.options), first),
        (back(grad, x, indices=indices, **pooling.options), first),
        (back(grad, x.shape, indices=indices.astype(np.int16), **pooling.options), first),
        (back(grad, None, indices=indices.tolist(), input_shape=x, threads=3, **pooling.options), first),
    ):
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, expected)


@every_layout
@pytest.mark.parametrize("geometry", GEOMETRY)
def test_averages(geometry: tuple, layout: str) -> None:
    pooling = Pooling(geometry, layout)
    grad, x = pooling.ordered(pooling.grad), pooling.ordered(pooling.x)
    for shape in (x.shape, x, list(x.shape), np.array(x.shape)):
        got = convstep.avg_pool2d_backward(grad, shape, **pooling.options)
        np.testing.assert_array_equal(got, pooling.loops("average"))


@every_layout
@pytest.mark.parametrize("geometry", GEOMETRY)
@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_norms(geometry: tuple, layout: str, p: float) -> None:
    pooling = Pooling(geometry, layout)
    got = convstep.lp_pool2d_backward(pooling.ordered(pooling.grad), pooling.ordered(pooling.x), p, **pooling.options)
    np.testing.assert_allclose(got, pooling.loops("lp", p=p), rtol=0, atol=1e-13)


def test_averages_that_count_the_padding() -> None:
    grad = np.ones((1, 2, 2, 1))
    got = convstep.avg_pool2d_backward(grad, (1, 2, 2, 1), 2, 2, 1, count_include_pad=True)
    np.testing.assert_array_equal(got, np.full((1, 2, 2, 1), 0.25))


def test_other_windows() -> None:
    """Ceil mode and dilation: whatever a window read gets its gradient back."""
    x = np.arange(25.0).reshape(1, 5, 5, 1)
    for more in ({"ceil_mode": True}, {"dilation": 2, "stride": 1}, {"padding": "same", "stride": 2}):
        output, indices = convstep.max_pool2d(x, 2, **more, return_indices=True)
        expected = np.zeros(25)
        np.add.at(expected, indices.ravel(), 1)
        got = convstep.max_pool2d_backward(np.ones(output.shape), x, 2, **more)
        np.testing.assert_array_equal(got.ravel(), expected)
        mean = convstep.avg_pool2d_backward(np.ones(output.shape), x, 2, **more)
        assert mean.sum() == output.size


@every_layout
def test_out_and_accumulate(layout: str) -> None:
    pooling = Pooling(GEOMETRY[1], layout)
    grad, x = pooling.ordered(pooling.grad), pooling.ordered(pooling.x)
    _, indices = convstep.max_pool2d(x, **pooling.options, return_indices=True)
    for call in (
        lambda **more: convstep.max_pool2d_backward(grad, x, **pooling.options, **more),
        lambda **more: convstep.max_pool2d_backward(grad, x, indices=indices, **pooling.options, **more),
        lambda **more: convstep.avg_pool2d_backward(grad, x, **pooling.options, **more),
        lambda **more: convstep.lp_pool2d_backward(grad, x, 1, **pooling.options, **more),
    ):
        plain, out = call(), np.ones(x.shape, order="F")
        assert call(out=out) is out
        np.testing.assert_array_equal(out, plain)
        assert call(out=out, accumulate=True, threads=2) is out
        np.testing.assert_array_equal(out, 2 * plain)


@pytest.mark.parametrize("dtypes, expected", [(("f4", "f4"), "f4"), (("f4", "f8"), "f8"), (("f2", "f2"), "f4"),
                                              (("f4", "i4"), "f8"), (("i4", "f4"), "f8")])
def test_dtypes(dtypes: tuple[str, str], expected: str) -> None:
    grad, x = np.ones((2, 3, 4, 3), dtypes[0]), images(dtypes[1])
    assert convstep.max_pool2d_backward(grad, x, 2).dtype == expected
    assert convstep.lp_pool2d_backward(grad, x, 1, 2).dtype == expected
    alone = np.float32 if dtypes[0] in ("f2", "f4") else np.float64
    assert convstep.avg_pool2d_backward(grad, x, 2).dtype == alone


def test_views_of_indices() -> None:
    x = images()
    output, indices = convstep.max_pool2d(x, 2, return_indices=True)
    grad = np.random.default_rng(8).standard_normal(output.shape)
    expected = convstep.max_pool2d_backward(grad, x, 2)
    wide = np.repeat(indices, 2, axis=3)
    for given in (wide[..., ::2], np.asfortranarray(indices), indices.astype(">i8"), indices.astype(np.uint64),
                  indices[::-1].copy()[::-1]):
        np.testing.assert_array_equal(convstep.max_pool2d_backward(grad, x, 2, indices=given), expected)


def test_a_batch_of_no_images() -> None:
    grad, x = np.ones((0, 3, 4, 3)), np.ones((0, 7, 8, 3))
    for got in (convstep.max_pool2d_backward(grad, x, 2), convstep.avg_pool2d_backward(grad, x.shape, 2),
                convstep.lp_pool2d_backward(grad, x, 2, 2),
                convstep.max_pool2d_backward(grad, x, 2, indices=np.ones(grad.shape, int))):
        assert got.shape == (0, 7, 8, 3)


X, GRAD = np.ones((2, 5, 6, 4)), np.ones((2, 2, 3, 4))
INDICES = np.zeros(GRAD.shape, int)
OUTSIDE = INDICES.copy()
OUTSIDE[1, 1, 2, 3] = 30


def back(grad: object = GRAD, x: object = X, *arguments: object, **more: object) -> np.ndarray:
    return convstep.max_pool2d_backward(grad, x, *(arguments or (2,)), **more)


@pytest.mark.parametrize("call, message", [
    (lambda: back(GRAD[:1]), "grad: got (1, 2, 3, 4), expected (2, 2, 3, 4) (the shape of the pooling's output)"),
    (lambda: back(to_nchw(GRAD)), "grad: got (2, 4, 2, 3), expected (2, 2, 3, 4) (it looks like (N, C, H, W))"),
    (lambda: back(to_nchw(GRAD)[:, :2], to_nchw(X), layout="NCHW"),
     "grad: got (2, 2, 2, 3), expected (2, 4, 2, 3) (the shape of the pooling's output)"),
    (lambda: back(ties="last"), "ties: got 'last', expected \"first\" or \"all\""),
    (lambda: back(ties="all", indices=INDICES),
     "ties: got 'all', expected \"first\" where there are indices, which name one each"),
    (lambda: back(indices=INDICES[:1]), "indices: got (1, 2, 3, 4), expected (2, 2, 3, 4) (the shape of grad)"),
    (lambda: back(indices=OUTSIDE), "indices: got 30 at (1, 1, 2, 3), expected 0 to 29 "
     "(row * W + column, as the forward pass gives them)"),
    (lambda: back(to_nchw(GRAD), to_nchw(X), indices=to_nchw(OUTSIDE), layout="NCHW"),
     "indices: got 30 at (1, 3, 1, 2), expected 0 to 29 (row * W + column, as the forward pass gives them)"),
    (lambda: back(indices=-1 - INDICES), "indices: got -1 at (0, 0, 0, 0), expected 0 to 29 "
     "(row * W + column, as the forward pass gives them)"),
    (lambda: back(GRAD[0], indices=INDICES[0]), "indices: got (2, 3, 4), expected an array of 4 axes"),
    (lambda: back(input_shape=X.shape),
     "input_shape: got a shape, expected None where there are no indices (it needs the input)"),
    (lambda: back(indices=INDICES, input_shape=X.shape),
     "input_shape: got a shape, expected None where there is an input, which has one"),
    (lambda: back(accumulate=True),
     "accumulate: got True, expected False where there is no out (it adds to what out holds)"),
    (lambda: back(out=np.ones((2, 5, 6, 3))), "out: got (2, 5, 6, 3), expected (2, 5, 6, 4)"),
    (lambda: back(GRAD, X, 9), "kernel_size: got (9, 9), expected a window that fits into the padded input "
     "(the window (9, 9) is larger than the padded input (5, 6))"),
    (lambda: back(GRAD, X, 0), "kernel_size: got (0, 0), expected 1 or more, high and wide"),
    (lambda: convstep.avg_pool2d_backward(GRAD, (2, 5, 6, 3), 2),
     "grad: got (2, 2, 3, 4), expected (2, 2, 3, 3) (the shape of the pooling's output)"),
    (lambda: convstep.avg_pool2d_backward(GRAD, (2, 0, 6, 4), 2),
     "input_shape: got (2, 0, 6, 4), expected no axis of length 0 but the first, the batch"),
    (lambda: convstep.lp_pool2d_backward(GRAD, X, 0.5, 2), "p: got 0.5, expected a finite number of 1 or more"),
    (lambda: convstep.max_pool2d_backward(X, X, 1, out=X),
     "out: got memory that overlaps grad, expected memory of its own"),
    (lambda: convstep.max_pool2d_backward(X + 1, X, 1, out=X),
     "out: got memory that overlaps input, expected memory of its own"),
    (lambda: convstep.activation_backward(GRAD, X, "relu"),
     "grad: got (2, 2, 3, 4), expected (2, 5, 6, 4) (the shape of the input)"),
    (lambda: convstep.activation_backward(X, X, "rleu"), "activation: got 'rleu', expected None, \"relu\", \"relu6\", "
     "\"leaky_relu\", \"sigmoid\" or \"tanh\" (did you mean \"relu\"?)"),
    (lambda: convstep.activation_backward(X, X, "relu", out=X[::-1]),
     "out: got memory that overlaps grad, expected memory of its own"),
])
def test_values_that_cannot_be(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


@pytest.mark.parametrize("call, message", [
    (lambda: back(GRAD, None), "input: got None, expected an array of numbers (or indices and input_shape)"),
    (lambda: back(GRAD, None, indices=INDICES), "input_shape: got None, expected four integers"),
    (lambda: back(indices=GRAD), "indices: got an array of float64, expected integers, as max_pool2d returns them"),
    (lambda: back(indices=3.0), "indices: got 3.0, expected an array of integers"),
    (lambda: back(indices=np.ma.masked_array(INDICES)),
     "indices: got a masked array, expected one without a mask (see its method filled)"),
    (lambda: convstep.max_pool2d_backward(GRAD, X), "max_pool2d_backward() needs 'kernel_size', too"),
    (lambda: back(mode="average"), "max_pool2d_backward() has no argument 'mode'; each mode has its own function: "
     "max_pool2d_backward, avg_pool2d_backward, lp_pool2d_backward"),
    (lambda: back(ties=None), "ties: got None, expected \"first\" or \"all\""),
    (lambda: back(accumulate=None), "accumulate: got None, expected True or False"),
])
def test_types_that_cannot_be(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        call()
    assert str(raised.value) == message
