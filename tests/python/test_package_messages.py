"""Shapes in messages are in the order of the caller's arrays."""

import collections.abc

import pytest

import convstep
from package_faces import NCHW_IMAGES, NCHW_WEIGHTS, ones

X, W = ones(*NCHW_IMAGES), ones(*NCHW_WEIGHTS)  # (2, 4, 5, 6) and (8, 4, 3, 3)
NCHW = {"layout": "NCHW"}


@pytest.mark.parametrize("call, message", [
    (lambda: convstep.conv2d(X, ones(8, 3, 3, 2), **NCHW),
     "weights: got (8, 3, 3, 2), expected (8, 4, 3, 2) (input (2, 4, 5, 6) has 4 channels)"),
    (lambda: convstep.Conv2d(ones(8, 3, 3, 2), **NCHW)(X),
     "weights: got (8, 3, 3, 2), expected (8, 4, 3, 2) (input (2, 4, 5, 6) has 4 channels)"),
    (lambda: convstep.Conv2d(W, **NCHW).describe((1, 3, 9, 7)),
     "weights: got (8, 4, 3, 3), expected (8, 3, 3, 3) (input (1, 3, 9, 7) has 3 channels)"),
    (lambda: convstep.conv2d(X, W, groups=2, **NCHW),
     "weights: got (8, 4, 3, 3), expected (8, 2, 3, 3) (input (2, 4, 5, 6) has 4 channels in 2 groups)"),
    (lambda: convstep.conv2d(ones(2, 4, 5, 0), W, **NCHW),
     "input: got (2, 4, 5, 0), expected no axis of length 0 but the first, the batch"),
    (lambda: convstep.conv2d(X, ones(8, 4, 3, 0), **NCHW), "weights: got (8, 4, 3, 0), expected no axis of length 0"),
    (lambda: convstep.conv2d(X, W, residual=ones(2, 8, 4, 3), **NCHW),
     "residual: got (2, 8, 4, 3), expected (2, 8, 3, 4) (the shape of the output)"),
    (lambda: convstep.conv2d(X, W, out=ones(2, 8, 4, 3), **NCHW),
     "out: got (2, 8, 4, 3), expected (2, 8, 3, 4) ((N, O, OH, OW))"),
    (lambda: convstep.max_pool2d(X, kernel_size=(2, 3), out=ones(2, 4, 1, 2), **NCHW),
     "out: got (2, 4, 1, 2), expected (2, 4, 2, 2) ((N, C, OH, OW))"),
    (lambda: convstep.conv2d(X, W, padding=(0, 2**61), **NCHW),
     "out: got (2, 8, 3, 4611686018427387908), expected an array of fewer than 2^63 bytes"),
    # Channels that do not fit, where the library guesses at an order that is not the caller's.
    (lambda: convstep.conv2d(ones(2, 1, 1, 9), ones(3, 3, 9, 1), **NCHW),
     "weights: got (3, 3, 9, 1), expected (3, 1, 9, 1) (input (2, 1, 1, 9) has 1 channel)"),
    (lambda: convstep.conv2d(ones(1, 9, 4, 6), ones(4, 4, 6, 3), groups=3, **NCHW),
     "weights: got (4, 4, 6, 3), expected (4, 3, 6, 3) (input (1, 9, 4, 6) has 9 channels in 3 groups)"),
    (lambda: convstep.conv2d(ones(2, 5, 4, 6), ones(2, 2, 5, 9), groups=2, **NCHW),
     "groups: got 2, expected a divisor of the 5 input channels and the 2 output channels"),
    # What is no shape of images or filters keeps its order.
    (lambda: convstep.conv2d(X, W, ones(1, 1, 1, 8), **NCHW),
     "bias: got (1, 1, 1, 8), expected an array of 1 axis (for the notebook's biases: bias.ravel())"),
    (lambda: convstep.conv2d(X, W, padding=((-1, 2), (3, 4)), **NCHW),
     "padding: got (-1, 2, 3, 4), expected 0 or more on every side"),
    (lambda: convstep.conv2d(X, W, stride=(0, 1), **NCHW), "stride: got (0, 1), expected 1 or more, high and wide"),
    (lambda: convstep.conv2d(X[0], W, **NCHW), "input: got (4, 5, 6), expected an array of 4 axes "
     "(for one image: input[None], for grey images: input[:, None])"),
    (lambda: convstep.conv2d(X[None], W, **NCHW), "input: got (1, 2, 4, 5, 6), expected an array of 4 axes"),
    (lambda: convstep.conv2d(X, W, padding="same", dilation=2**62 - 1, **NCHW),
     "weights (KH, KW): got 3, expected sizes whose sums and products fit in 63 bits"),
    (lambda: convstep.Conv2d(ones(8, 4, 1, 2), dilation=2**63 - 1, **NCHW), "dilation: got 9223372036854775807, expected "
     "sizes whose sums and products fit in 63 bits (the window is 2)"),
    # And so do shapes of layout NHWC.
    (lambda: convstep.conv2d(X, W),
     "weights: got (8, 4, 3, 3), expected (3, 3, 4, 8) "
     "(the arrays look like (N, C, H, W) and (O, C, KH, KW): use layout=\"NCHW\")"),
])
def test_shapes_are_in_the_callers_order(call: collections.abc.Callable, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        call()
    assert str(raised.value) == message
