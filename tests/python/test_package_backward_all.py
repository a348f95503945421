"""All gradients in one call: conv2d_backward with out and accumulate, the method of Conv2d, pad2d_backward."""

import collections.abc

import numpy as np
import pytest

import convstep
from test_package_backward_conv import Layer, every_case, every_layout

X, W, GRAD = np.ones((2, 5, 6, 4)), np.ones((3, 3, 4, 8)), np.ones((2, 3, 4, 8))
TRIPLE = "expected a tuple of three, (input_grad, weights_grad, bias_grad)"


def all_of(layer: Layer, **more: object) -> tuple:
    return convstep.conv2d_backward(layer.grad, layer.x, layer.w, **layer.options, **more)


def assert_all_equal(got: collections.abc.Iterable, wanted: collections.abc.Iterable) -> None:
    for ours, theirs in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@every_layout
@every_case
@pytest.mark.parametrize("numerics", ["fast", "numpy"])
def test_out_and_accumulate(case: dict, layout: str, numerics: str) -> None:
    layer = Layer(case, layout=layout)
    exact = layer.dx, layer.dw, layer.db
    outs = tuple(np.full(array.shape, 3.0, order="F") for array in exact)
    got = all_of(layer, out=outs, numerics=numerics)
    assert all(ours is theirs for ours, theirs in zip(got, outs, strict=True))
    assert_all_equal(outs, exact)
    assert_all_equal(all_of(layer, out=got, accumulate=True, numerics=numerics), [2 * array for array in exact])
    assert_all_equal(all_of(layer, out=outs, numerics=numerics), exact)


@every_layout
@every_case
def test_none_is_a_new_array(case: dict, layout: str) -> None:
    layer = Layer(case, layout=layout)
    exact = layer.dx, layer.dw, layer.db
    for given in np.ndindex(2, 2, 2):
        outs = tuple(np.full(array.shape, 3.0) if is_given else None for array, is_given in zip(exact, given, strict=True))
        got = all_of(layer, out=outs)
        assert all(out is None or ours is out for ours, out in zip(got, outs, strict=True))
        assert_all_equal(got, exact)
        if any(given):
            again = all_of(layer, out=outs, accumulate=True)
            assert_all_equal(again, [(1 + is_given) * array for array, is_given in zip(exact, given, strict=True)])


def test_a_layer_without_bias() -> None:
    layer = Layer({})
    outs = np.empty_like(layer.dx), np.empty_like(layer.dw), None
    got = all_of(layer, bias=False, out=outs)
    assert got[0] is outs[0] and got[1] is outs[1] and got[2] is None
    assert_all_equal(outs[:2], (layer.dx, layer.dw))


def test_a_batch_in_parts_has_the_bits_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    x, w, grad = (rng.standard_normal(shape) for shape in ((6, 9, 8, 5), (3, 3, 5, 7), (6, 9, 8, 7)))
    whole = convstep.conv2d_backward(grad, x, w, padding=1)
    sums = np.zeros(w.shape), np.zeros(7)
    for part in (slice(0, 1), slice(1, 4), slice(4, 6)):
        dx, _, _ = convstep.conv2d_backward(grad[part], x[part], w, padding=1, out=(None, *sums), accumulate=True)
        np.testing.assert_array_equal(dx, whole[0][part])
    assert_all_equal(sums, whole[1:])


def of_all(out: object, **more: object) -> tuple:
    return convstep.conv2d_backward(GRAD, X, W, out=out, **more)


def empty(*changes: tuple[int, object]) -> tuple:
    outs: list = [np.full(X.shape, 7.0), np.full(W.shape, 7.0), np.full(8, 7.0)]
    for index, array in changes:
        outs[index] = array
    return tuple(outs)


@pytest.mark.parametrize("outs, options, message", [
    (empty((0, np.zeros((2, 5, 6, 5)))), {},
     "out[0]: got (2, 5, 6, 5), expected (2, 5, 6, 4) (the shape of the layer's input)"),
    (empty((1, np.zeros((3, 3, 8, 4)))), {},
     "out[1]: got (3, 3, 8, 4), expected (3, 3, 4, 8) (the shape of the layer's weights)"),
    (empty((2, np.zeros(7))), {}, "out[2]: got (7,), expected (8,) (one number per output channel)"),
    (empty((0, np.zeros(X.shape, np.float32))), {},
     "out[0]: got an array of float32, expected a writable, aligned array of float64"),
    (empty((2, np.broadcast_to(0.0, (8,)))), {},
     "out[2]: got a read-only array, expected a writable, aligned array of float64"),
    (None, {"accumulate": True}, "accumulate: got True, expected False where there is no out (it adds to what out holds)"),
    ((None, None, None), {"accumulate": True},
     "accumulate: got True, expected False where there is no out (it adds to what out holds)"),
])
def test_values_that_cannot_be(outs: tuple, options: dict, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        of_all(outs, **options)
    assert str(raised.value) == message
    assert all((array == 7).all() or (array == 0).all() for array in outs or () if array is not None)


@pytest.mark.parametrize("outs, options, message", [
    (np.zeros(X.shape), {}, f"out: got a numpy.ndarray, {TRIPLE}"),
    ((np.zeros(X.shape), np.zeros(W.shape)), {}, f"out: got a tuple, {TRIPLE}"),
    (list(empty()), {}, f"out: got a list, {TRIPLE}"),
    (empty((1, [1.0])), {}, "out[1]: got a list, expected a NumPy array"),
    (empty(), {"bias": False}, "out[2]: got a numpy.ndarray, expected None where there is no bias"),
    (empty(), {"accumulate": 1}, "accumulate: got 1, expected True or False"),
])
def test_types_that_cannot_be(outs: object, options: dict, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        of_all(outs, **options)
    assert str(raised.value) == message


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("argument", ["grad", "input", "weights", "out[0]", "out[1]"])
def test_memory_that_overlaps_is_refused_before_anything_is_written(index: int, argument: str) -> None:
    """Also what one of the two passes would not see."""
    if argument == f"out[{index}]" or (index, argument) == (0, "out[1]"):
        return
    memory = np.full(4000, 7.0)
    outs = list(empty())
    outs[index] = memory[:outs[index].size].reshape(outs[index].shape)
    given = {"grad": GRAD, "input": X, "weights": W}
    if argument.startswith("out"):
        other = int(argument[4])
        outs[other] = memory[4:4 + outs[other].size].reshape(outs[other].shape)
    else:
        given[argument] = memory[4:4 + given[argument].size].reshape(given[argument].shape)
    with pytest.raises(ValueError, match="got memory that overlaps") as raised:
        convstep.conv2d_backward(**given, out=tuple(outs))
    assert argument in str(raised.value) and f"out[{index}]" in str(raised.value)
    assert (memory == 7).all() and all((out == 7).all() for out in outs)


@every_layout
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("activation", [None, "relu", "relu6", "leaky_relu", "sigmoid", "tanh"])
def test_a_layer_gives_its_gradients(activation: str | None, bias: bool, layout: str) -> None:
    rng = np.random.default_rng(3)
    x, w = rng.standard_normal((2, 7, 6, 4)), rng.standard_normal((3, 3, 2, 6))
    if layout == "NCHW":
        x, w = x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1)
    b = rng.standard_normal(6) if bias else None
    own = {"stride": (2, 1), "padding": 1, "groups": 2, "layout": layout}
    layer = convstep.Conv2d(w, b, activation=activation, slope=0.3, **own)
    residual = rng.standard_normal(layer.output_shape(x))
    for added in (None, residual):
        grad = rng.standard_normal(residual.shape)
        sums = convstep.conv2d(x, w, b, residual=added, **own)
        before = convstep.activation_backward(grad, sums, activation, 0.3)
        wanted = convstep.conv2d_backward(before, x, w, bias=bias, **own)
        got = layer.backward(grad, x, residual=added, threads=2)
        assert (got[2] is None) == (not bias)
        assert_all_equal(got, wanted)
        twice = convstep.conv2d_backward(before, x, w, bias=bias, out=wanted, accumulate=True, **own)
        assert layer.backward(grad, x, residual=added, out=got, accumulate=True)[1] is got[1]
        assert_all_equal(got, twice)


@pytest.mark.parametrize("activation", [None, "relu"])
def test_a_layer_says_what_is_wrong(activation: str | None) -> None:
    layer = convstep.Conv2d(W, activation=activation)
    with pytest.raises(ValueError) as raised:
        layer.backward(GRAD[:, :2], X)
    assert str(raised.value) == "grad: got (2, 2, 4, 8), expected (2, 3, 4, 8) (the shape of the layer's output)"
    with pytest.raises(ValueError, match=r"^input: got \(5, 6, 4\), expected an array of 4 axes"):
        layer.backward(GRAD, X[0])
    with pytest.raises(TypeError) as raised_type:
        layer.backward(GRAD)
    assert str(raised_type.value) == "Conv2d.backward() needs 'input', too"


@every_layout
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("padding", [0, 2, (1, 3), ((1, 0), (2, 3))])
def test_the_padding_is_cut_off(padding: object, dtype: type, layout: str) -> None:
    x = np.random.default_rng(5).standard_normal((2, 4, 5, 3)).astype(dtype)
    grad = convstep.pad2d(x, padding, layout=layout)
    got = convstep.pad2d_backward(grad + (grad == 0), padding, layout=layout)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, x)


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.pad2d_backward(X, ((2, 3), (0, 0))),
     "grad: got (2, 5, 6, 4), expected (2, 6, 1, 4) or larger (the shape of the padded input)"),
    (lambda: convstep.pad2d_backward(X, (1, 2), layout="NCHW"),
     "grad: got (2, 5, 6, 4), expected (2, 5, 3, 5) or larger (the shape of the padded input)"),
    (lambda: convstep.pad2d_backward(X, 2**62), "padding: got 4611686018427387904 and 4611686018427387904, expected "),
    (lambda: convstep.pad2d_backward(X[:, :0], 1), "grad: got (2, 0, 6, 4), expected no axis of length 0 but the first"),
    (lambda: convstep.pad2d_backward(X, -1), "padding: got (-1, -1, -1, -1), expected 0 or more on every side"),
    (lambda: convstep.pad2d_backward(X, "same"), "padding: got a SAME rule, expected four numbers "
     "(SAME padding is defined by a window; there is none here)"),
    (lambda: convstep.pad2d_backward(X[0], 1), "grad: got (5, 6, 4), expected an array of 4 axes "
     "(for one image: grad[None], for grey images: grad[..., None])"),
    (lambda: convstep.pad2d_backward(X, 1, out=np.zeros((2, 3, 4, 5))), "out: got (2, 3, 4, 5), expected (2, 3, 4, 4)"),
    (lambda: convstep.pad2d_backward(X, 0, out=X), "out: got memory that overlaps grad, expected memory of its own"),
])
def test_what_cannot_be_cut_off(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value).startswith(message)
