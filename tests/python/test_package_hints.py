"""Arguments that are wrong in a usual way: the error blames the cause, and says what to write."""

import collections.abc

import numpy as np
import pytest

import convstep
from package_faces import IMAGES, STEP, WEIGHTS, WINDOW, ones

X, W, B = ones(*IMAGES), ones(*WEIGHTS), ones(1, 1, 1, 8)
SLICE = ones(3, 3, 4)
TO_NCHW, TO_OCKK = (0, 3, 1, 2), (3, 2, 0, 1)
AXES = "an array of 4 axes"


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.conv2d(X[0], W), f"input: got (5, 6, 4), expected {AXES} "
     "(for one image: input[None], for grey images: input[..., None])"),
    (lambda: convstep.zero_pad(X[0], 1), f"X: got (5, 6, 4), expected {AXES} "
     "(for one image: X[None], for grey images: X[..., None])"),
    (lambda: convstep.pool_forward(X[0].tolist(), WINDOW), f"A_prev: got (5, 6, 4), expected {AXES} "
     "(for one image: np.asarray(A_prev)[None], for grey images: np.asarray(A_prev)[..., None])"),
    (lambda: convstep.max_pool2d(X[0, :, :, 0], 2), f"input: got (5, 6), expected {AXES} "
     "(for one grey image: input[None, :, :, None])"),
    (lambda: convstep.conv2d(X, W[..., 0]), f"weights: got (3, 3, 4), expected {AXES} "
     "(for one filter: weights[..., None], for filters of one channel: weights[:, :, None])"),
    (lambda: convstep.conv2d(X, W, B), "bias: got (1, 1, 1, 8), expected an array of 1 axis "
     "(for the notebook's biases: bias.ravel())"),
    (lambda: convstep.conv_forward(X, W, ones(8), STEP), f"b: got (8,), expected {AXES} "
     "(for one number per filter: b.reshape(1, 1, 1, -1))"),
    (lambda: convstep.conv_single_step(SLICE[None], SLICE, 0), "a_slice_prev: got (1, 3, 3, 4), expected an array of 3 "
     "axes (for one window of a batch: a_slice_prev[0])"),
    (lambda: convstep.conv_single_step(SLICE, W, 0), "W: got (3, 3, 4, 8), expected an array of 3 axes "
     "(for one filter of them: W[..., 0])"),
    (lambda: convstep.conv2d(X, 3), f"weights: got (), expected {AXES} (the weights themselves, not their size or number)"),
    (lambda: convstep.conv2d(X, (3, 3)),
     f"weights: got (2,), expected {AXES} (the weights themselves, not their size or number)"),
    (lambda: convstep.conv_forward(X, WEIGHTS, B, STEP),
     f"W: got (4,), expected {AXES} (the weights themselves, not their size or number)"),
    (lambda: convstep.conv2d(X, W, 2), "bias: got (), expected an array of 1 axis "
     "(one number per output channel; a stride needs its name)"),
    (lambda: convstep.conv2d(X, W, False), "bias: got (), expected an array of 1 axis (for none, leave it out)"),
    (lambda: convstep.Conv2d(W, True), "bias: got (), expected an array of 1 axis (one number per output channel)"),
    (lambda: convstep.Conv2d(W, False), "bias: got (), expected an array of 1 axis (for none, leave it out)"),
    (lambda: convstep.Conv2d(W, 2), "bias: got (), expected an array of 1 axis "
     "(one number per output channel; a stride needs its name)"),
    (lambda: convstep.conv2d(2.0, W), f"input: got (), expected {AXES}"),
])
def test_arrays_of_other_axes(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


BOTH = "the arrays look like (N, C, H, W) and (O, C, KH, KW)"


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.conv2d(X, W.transpose(TO_OCKK)), "weights: got (8, 4, 3, 3), expected (3, 3, 4, 8) "
     "(it looks like (O, C, KH, KW): write weights.transpose(2, 3, 1, 0))"),
    (lambda: convstep.conv_forward(X, W.transpose(TO_OCKK), B, STEP), "W: got (8, 4, 3, 3), expected (3, 3, 4, 8) "
     "(it looks like (O, C, KH, KW): write W.transpose(2, 3, 1, 0))"),
    (lambda: convstep.conv2d(X.transpose(TO_NCHW), W.transpose(TO_OCKK)),
     f"weights: got (8, 4, 3, 3), expected (3, 3, 4, 8) ({BOTH}: use layout=\"NCHW\")"),
    (lambda: convstep.conv_forward(X.transpose(TO_NCHW), W.transpose(TO_OCKK), B, STEP),
     f"W: got (8, 4, 3, 3), expected (3, 3, 4, 8) ({BOTH}: write A_prev.transpose(0, 2, 3, 1) and "
     "W.transpose(2, 3, 1, 0))"),
    (lambda: convstep.conv2d(X.transpose(TO_NCHW), W), "input: got (2, 4, 5, 6), expected (2, 5, 6, 4) "
     "(it looks like (N, C, H, W): write input.transpose(0, 2, 3, 1))"),
    (lambda: convstep.Conv2d(W)(X.transpose(TO_NCHW)), "input: got (2, 4, 5, 6), expected (2, 5, 6, 4) "
     "(it looks like (N, C, H, W): write input.transpose(0, 2, 3, 1))"),
    (lambda: convstep.conv2d(ones(1, 512, 7, 7), ones(3, 3, 512, 8)), "input: got (1, 512, 7, 7), expected "
     "(1, 7, 7, 512) (it looks like (N, C, H, W): write input.transpose(0, 2, 3, 1))"),
    (lambda: convstep.Conv2d(W.transpose(TO_OCKK), ones(8)), "bias: got (8,), expected (3,) (the weights look like "
     "(O, C, KH, KW): use layout=\"NCHW\" or weights.transpose(2, 3, 1, 0))"),
    (lambda: convstep.conv2d(ones(1, 64, 9, 3), ones(64, 3, 3, 3), ones(64)), "bias: got (64,), expected (3,) (the weights "
     "look like (O, C, KH, KW): use layout=\"NCHW\" or weights.transpose(2, 3, 1, 0))"),
    # As likely something else.
    (lambda: convstep.Conv2d(ones(3, 3, 1, 4), ones(3)),
     "bias: got (3,), expected (4,) (one number per output channel)"),
    (lambda: convstep.Conv2d(ones(3, 3, 1, 1), ones(3)),
     "bias: got (3,), expected (1,) (one number per output channel)"),
    (lambda: convstep.Conv2d(W, []), "bias: got (0,), expected (8,) (one number per output channel)"),
    (lambda: convstep.conv2d(X, ones(3, 3, 5, 8)),
     "weights: got (3, 3, 5, 8), expected (3, 3, 4, 8) (input (2, 5, 6, 4) has 4 channels)"),
    (lambda: convstep.conv2d(ones(1, 9, 9, 3), ones(3, 3, 4, 4)),
     "weights: got (3, 3, 4, 4), expected (3, 3, 3, 4) (input (1, 9, 9, 3) has 3 channels)"),
    (lambda: convstep.conv_forward(X, W, ones(1, 1, 1, 7), STEP),
     "b: got (1, 1, 1, 7), expected (1, 1, 1, 8) (one bias per filter of W)"),
    (lambda: convstep.conv2d(X, ones(3, 3, 4, 1), groups=4), "groups: got 4, expected a divisor of the 4 input channels "
     "and the 1 output channel (the weights look like TensorFlow's of a depthwise convolution: reshape them to "
     "(3, 3, 1, 4))"),
    (lambda: convstep.conv2d(X, ones(3, 3, 1, 6), groups=4),
     "groups: got 4, expected a divisor of the 4 input channels and the 6 output channels"),
])
def test_the_order_of_the_axes(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


BY_ITSELF = "has 3 channels; to filter each by itself, "


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.conv2d(ones(1, 8, 8, 3), ones(3, 3, 1, 1)), "weights: got (3, 3, 1, 1), expected (3, 3, 3, 1) "
     f"(input (1, 8, 8, 3) {BY_ITSELF}repeat the weights to (3, 3, 1, 3) and set groups to 3)"),
    (lambda: convstep.conv2d(ones(1, 3, 7, 8), ones(1, 1, 3, 3), layout="NCHW"), "weights: got (1, 1, 3, 3), expected "
     f"(1, 3, 3, 3) (input (1, 3, 7, 8) {BY_ITSELF}repeat the weights to (3, 1, 3, 3) and set groups to 3)"),
    (lambda: convstep.conv2d(ones(1, 3, 7, 8), ones(1, 1, 3, 3), groups=3, layout="NCHW"), "groups: got 3, expected a "
     "divisor of the 3 input channels and the 1 output channel (for one filter on every channel, repeat the weights to "
     "(3, 1, 3, 3))"),
    (lambda: convstep.Conv2d(ones(3, 3, 1, 3))(ones(1, 8, 8, 3)), "weights: got (3, 3, 1, 3), expected (3, 3, 3, 3) "
     f"(input (1, 8, 8, 3) {BY_ITSELF}set groups to 3)"),
    (lambda: convstep.conv_forward(ones(1, 8, 8, 3), ones(3, 3, 1, 1), ones(1, 1, 1, 1), STEP), "W: got (3, 3, 1, 1), "
     f"expected (3, 3, 3, 1) (A_prev (1, 8, 8, 3) {BY_ITSELF}use conv2d: repeat the weights to (3, 3, 1, 3) and set "
     "groups to 3)"),
])
def test_filters_of_one_channel(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


NCHW = {"layout": "NCHW"}
DIGITS, FILTERS = ones(2, 28, 28, 1), ones(5, 5, 1, 6)
SECOND_DIGITS, FIRST_FILTERS = ones(2, 1, 28, 28), ones(6, 1, 5, 5)


@pytest.mark.parametrize("call, message", [
    *[(call, "weights: got (5, 5, 1, 6), expected (6, 1, 5, 5) (the arrays look like (N, H, W, C) and (KH, KW, C, O): use "
       'layout="NHWC")') for call in (
           lambda: convstep.conv2d(DIGITS, FILTERS, **NCHW), lambda: convstep.Conv2d(FILTERS, **NCHW)(DIGITS),
           lambda: convstep.Conv2d(FILTERS, **NCHW).output_shape(DIGITS.shape))],
    (lambda: convstep.conv2d(SECOND_DIGITS, FILTERS, **NCHW), "weights: got (5, 5, 1, 6), expected (6, 1, 5, 5) "
     "(it looks like (KH, KW, C, O): write weights.transpose(3, 2, 0, 1))"),
    (lambda: convstep.conv2d(DIGITS, FIRST_FILTERS, **NCHW), "input: got (2, 28, 28, 1), expected (2, 1, 28, 28) "
     "(it looks like (N, H, W, C): write input.transpose(0, 3, 1, 2))"),
    (lambda: convstep.max_pool2d(DIGITS, 2, **NCHW), "kernel_size: got (2, 2), expected a window that fits into the padded "
     "input (the window (2, 2) is larger than the padded input (28, 1); the images look like those of layout=\"NHWC\")"),
    # As likely something else; and no word of the order in which the library sees the arrays.
    (lambda: convstep.conv2d(ones(2, 1, 8, 9), ones(8, 3, 3, 3), **NCHW),
     "weights: got (8, 3, 3, 3), expected (8, 1, 3, 3) (input (2, 1, 8, 9) has 1 channel)"),
    (lambda: convstep.conv2d(ones(2, 8, 9, 4), ones(3, 3, 4, 8), stride=0, **NCHW),
     "weights: got (3, 3, 4, 8), expected (3, 8, 4, 8) (input (2, 8, 9, 4) has 8 channels)"),
    (lambda: convstep.max_pool2d(ones(1, 4, 30, 1), 2, **NCHW), "kernel_size: got (2, 2), expected a window that fits into "
     "the padded input (the window (2, 2) is larger than the padded input (30, 1))"),
])
def test_channels_last_where_they_should_be_second(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


FITS = "a window that fits into the padded input"


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.max_pool2d(ones(1, 3, 9, 8), 5), f"kernel_size: got (5, 5), expected {FITS} (the window (5, 5) is "
     'larger than the padded input (3, 9); the images look like (N, C, H, W): use layout="NCHW")'),
    (lambda: convstep.pool_forward(ones(1, 1, 28, 28), WINDOW), f"f: got (2, 2), expected {FITS} (the window (2, 2) is "
     "larger than the padded input (1, 28); the images look like (N, C, H, W): write A_prev.transpose(0, 2, 3, 1))"),
    (lambda: convstep.avg_pool2d(ones(1, 3, 9, 8), (5, 3), padding=((0, 0), (1, 0))), f"kernel_size: got (5, 3), "
     f"expected {FITS} (the window (5, 3) is larger than the padded input (3, 10); the images look like (N, C, H, W): "
     'use layout="NCHW")'),
    # Neither order fits, or the order is as likely right: a row, as many channels as columns, the caller's own word.
    (lambda: convstep.max_pool2d(ones(1, 3, 9, 8), 10), f"kernel_size: got (10, 10), expected {FITS} "
     "(the window (10, 10) is larger than the padded input (3, 9))"),
    (lambda: convstep.max_pool2d(ones(1, 1, 100, 16), 2), f"kernel_size: got (2, 2), expected {FITS} "
     "(the window (2, 2) is larger than the padded input (1, 100))"),
    (lambda: convstep.max_pool2d(ones(1, 3, 3, 9), 4), f"kernel_size: got (4, 4), expected {FITS} "
     "(the window (4, 4) is larger than the padded input (3, 3))"),
    (lambda: convstep.max_pool2d(ones(1, 9, 3, 9), 4, layout="NCHW"), f"kernel_size: got (4, 4), expected {FITS} "
     "(the window (4, 4) is larger than the padded input (3, 9))"),
    (lambda: convstep.max_pool2d(ones(1, 3, 3, 9), 2, dilation=3), f"kernel_size: got (2, 2), expected {FITS} "
     "(the window (2, 2), dilated to (4, 4), is larger than the padded input (3, 3))"),
    (lambda: convstep.lp_pool2d(X, 0.5, 2), "p: got 0.5, expected a finite number of 1 or more"),
])
def test_windows_that_do_not_fit(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message


PADDINGS = ('an integer, (height, width), ((top, bottom), (left, right)), "valid", "same", "same_upper" or '
            '"same_lower"')
ACTIVATIONS = 'None, "relu", "relu6", "leaky_relu", "sigmoid" or "tanh"'


@pytest.mark.parametrize("kind, call, message", [
    (ValueError, lambda: convstep.conv2d(X, W, activation="ReLU"), "activation: got 'ReLU', expected None, \"relu\", "
     '"relu6", "leaky_relu", "sigmoid" or "tanh" (did you mean "relu"?)'),
    (ValueError, lambda: convstep.conv2d(X, W, padding="SAME"),
     f"padding: got 'SAME', expected {PADDINGS} (did you mean \"same\"?)"),
    (TypeError, lambda: convstep.conv2d(X, W, padding=(1, 1, 1, 1)), f"padding: got (1, 1, 1, 1), expected {PADDINGS} "
     "(four numbers are two pairs: ((top, bottom), (left, right)))"),
    (ValueError, lambda: convstep.conv2d(X, W, layout="channels_first"),
     "layout: got 'channels_first', expected \"NHWC\" or \"NCHW\" (did you mean \"NCHW\"?)"),
    (ValueError, lambda: convstep.pool_forward(X, WINDOW, "mean"),
     "mode: got 'mean', expected \"max\" or \"average\" (did you mean \"average\"?)"),
    (ValueError, lambda: convstep.conv_forward(X, W, B, {"strides": 1, "pad": 0}),
     "hparameters: got {'strides': 1, 'pad': 0}, expected the key \"stride\" (it has 'strides')"),
    (ValueError, lambda: convstep.conv_forward(X, W, B, {"stride": 1, "padding": 0}),
     "hparameters: got {'stride': 1, 'padding': 0}, expected the key \"pad\" (it has 'padding')"),
    (TypeError, lambda: convstep.conv_forward(X, W, B, {"stride": 2.0, "pad": 0}),
     "stride: got 2.0, expected an integer (write 2)"),
    (TypeError, lambda: convstep.conv_forward(X, W, B, {"stride": "2", "pad": 0}),
     "stride: got '2', expected an integer (write 2, without quotes)"),
    (TypeError, lambda: convstep.max_pool2d(X, 2.0),
     "kernel_size: got 2.0, expected an integer or a pair (height, width) (write 2)"),
    (TypeError, lambda: convstep.max_pool2d(X, (2,)),
     "kernel_size: got (2,), expected an integer or a pair (height, width) (write 2)"),
    (TypeError, lambda: convstep.conv2d(X, W, stride=[1, 2, 3, 1]), "stride: got [1, 2, 3, 1], expected an integer or a "
     "pair (height, width) (for height and width alone, write (2, 3))"),
    (TypeError, lambda: convstep.conv2d(X, W, dilation=np.array([1, 1, 2, 3])), "dilation: got array([1, 1, 2, 3]), "
     "expected an integer or a pair (height, width) (for height and width alone, write (2, 3))"),
    (TypeError, lambda: convstep.conv2d(X, W, padding=[[0, 0], [1, 2], [3, 4], [0, 0]]),
     f"padding: got [[0, 0], [1, 2], [3, 4], [0, 0]], expected {PADDINGS} "
     "(for height and width alone, write ((1, 2), (3, 4)))"),
    (TypeError, lambda: convstep.pad2d(X, ((0, 0), (0, 0), (1, 2), (3, 4))), "padding: got ((0, 0), (0, 0), (1, 2), "
     f"(3, 4)), expected {PADDINGS} (for height and width alone, write ((1, 2), (3, 4)))"),
    (TypeError, lambda: convstep.conv2d(X, W, padding=None),
     f"padding: got None, expected {PADDINGS} (for none, write 0)"),
    (ValueError, lambda: convstep.conv2d(X, W, padding="none"),
     f"padding: got 'none', expected {PADDINGS} (for none, write 0)"),
    (ValueError, lambda: convstep.conv2d(X, W, padding="reflect"), f"padding: got 'reflect', expected {PADDINGS} "
     "(it says how many zeros; for other values, use np.pad first)"),
    (ValueError, lambda: convstep.conv2d(X, W, padding="full"),
     f"padding: got 'full', expected {PADDINGS} (write (KH - 1, KW - 1))"),
    (ValueError, lambda: convstep.conv2d(X, W, activation="GELU"), f"activation: got 'GELU', expected {ACTIVATIONS} "
     "(apply it to the result)"),
    (ValueError, lambda: convstep.conv2d(X, W, activation="linear"), f"activation: got 'linear', expected {ACTIVATIONS} "
     "(for none, write None)"),
    (ValueError, lambda: convstep.conv2d(X, W, activation="lrelu"), f"activation: got 'lrelu', expected {ACTIVATIONS} "
     "(did you mean \"leaky_relu\"?)"),
])
def test_words_and_numbers(kind: type[Exception], call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(kind) as raised:
        call()
    assert type(raised.value) is kind and str(raised.value) == message


def test_a_picture_of_pillow() -> None:
    image = pytest.importorskip("PIL.Image").fromarray(np.zeros((5, 6, 3), np.uint8))
    with pytest.raises(ValueError, match=r"\(for one image: np\.asarray\(input\)\[None\]"):
        convstep.max_pool2d(image, 2)
    assert convstep.max_pool2d(np.asarray(image)[None], 2).shape == (1, 2, 3, 3)


THEMSELVES = "Conv2d() takes the weights themselves, not how many channels there are"


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.Conv2d(W)(X, thread=2), "Conv2d.__call__() has no argument 'thread'; did you mean 'threads'?"),
    (lambda: convstep.Conv2d(W)(), "Conv2d.__call__() needs 'input', too"),
    (lambda: convstep.Conv2d(W)(X, threads="2"), "threads: got '2', expected an integer (write 2, without quotes)"),
    (lambda: convstep.Conv2d(16, 32, kernel_size=3), f"{THEMSELVES}: Conv2d(np.zeros((3, 3, 16, 32))), say"),
    (lambda: convstep.Conv2d(16, 32, (3, 5), 2, 1), f"{THEMSELVES}: Conv2d(np.zeros((3, 5, 16, 32))), say"),
    (lambda: convstep.Conv2d(16, 32, 3, groups=4, layout="NCHW"),
     f"{THEMSELVES}: Conv2d(np.zeros((32, 4, 3, 3))), say"),
    (lambda: convstep.Conv2d(in_channels=16, out_channels=32, kernel_size=3),
     f"{THEMSELVES}: Conv2d(np.zeros((3, 3, 16, 32))), say"),
    (lambda: convstep.Conv2d(filters=32, kernel_size=3), f"{THEMSELVES}: Conv2d(np.zeros((KH, KW, C, O))), say"),
    (lambda: convstep.global_max_pool2d(X, 2), "global_max_pool2d() takes up to 1 argument without names (input), "
     "got 2; the others need their names: out=, threads=, layout="),
])
def test_layers_of_other_libraries(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(TypeError) as raised:
        call()
    assert str(raised.value) == message


def test_numbers_of_channels_are_no_weights() -> None:
    with pytest.raises(ValueError) as raised:
        convstep.Conv2d(16, 32)
    assert str(raised.value) == (
        "weights: got (), expected an array of 4 axes (the weights themselves, not how many channels there are: "
        "np.zeros((KH, KW, C, O)), say)"
    )


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.conv2d(np.ones((1, 8, 8, 3)), np.ones((3, 3, 3, 2)), stride=np.ones((1, 40, 8, 3))),
     "stride: got an array of shape (1, 40, 8, 3), expected "),
    (lambda: convstep.conv2d(np.ones((1, 8, 8, 3)), np.ones((3, 3, 3, 2)), activation="relu" * 100),
     "activation: got '" + "relu" * 24 + "rel..., expected "),
    (lambda: convstep.max_pool2d(X, X), f"kernel_size: got an array of shape {IMAGES}, expected an integer or a pair"),
    (lambda: convstep.Conv2d(W, stride=X), f"stride: got an array of shape {IMAGES}, expected an integer or a pair"),
    (lambda: convstep.conv2d(X, W, groups=X), f"groups: got an array of shape {IMAGES}, expected an integer"),
    (lambda: convstep.max_pool2d(X, [X, 2]), f"kernel_size: got an array of shape {IMAGES}, expected an integer"),
    (lambda: convstep.max_pool2d(X, X.tolist()), "kernel_size: got [[[1.0, 1.0, 1.0, 1.0], "),
    (lambda: convstep.max_pool2d(X, (2, 2, X)),
     f"kernel_size: got (2, 2, an array of shape {IMAGES}), expected an integer or a pair"),
    (lambda: convstep.pool_forward(X, {"f": X, "strides": "a\nb"}),
     f"hparameters: got {{'f': an array of shape {IMAGES}, 'strides': 'a\\nb'}}, expected the key \"stride\""),
    (lambda: convstep.max_pool2d(X, Unprintable()), "kernel_size: got a Unprintable, expected an integer or a pair"),
])
def test_long_values_are_shortened(call, message):
    with pytest.raises((TypeError, ValueError)) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert len(str(raised.value)) < 300 and "\n" not in str(raised.value)
