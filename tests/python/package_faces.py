"""Every array argument of every function of the package, with a call that is right."""

import collections.abc
import dataclasses

import numpy as np

import convstep


@dataclasses.dataclass(frozen=True)
class Face:
    """One array argument: `call(array, **more)` passes it together with others that fit, and returns the result."""

    function: str
    argument: str
    shape: tuple[int, ...]
    call: collections.abc.Callable
    has_out: bool = True
    has_batch: bool = True  # may it be a batch of no images, while the other arrays stay as they are?

    def values(self) -> np.ndarray:
        """Small whole numbers, 0 and 1 among them, so that every dtype holds them and every sum is exact."""
        return np.random.default_rng(len(self.function)).integers(0, 2, self.shape).astype(np.float64)

    def __str__(self) -> str:
        return f"{self.function}-{self.argument}"


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape)


IMAGES, WEIGHTS, OUTPUT = (2, 5, 6, 4), (3, 3, 4, 8), (2, 3, 4, 8)
NCHW_IMAGES, NCHW_WEIGHTS, NCHW_OUTPUT = (2, 4, 5, 6), (8, 4, 3, 3), (2, 8, 3, 4)
SLICE = (3, 3, 4)
STEP = {"stride": 1, "pad": 1}
WINDOW = {"stride": 2, "f": 2}


BIAS, ALONE = ones(1, 1, 1, 8), {"stride": 1, "pad": 0}


def _pool(name: str, **options) -> Face:
    return Face(name, "input", IMAGES, lambda x, **more: getattr(convstep, name)(x, **options, **more))


NOTEBOOK = [
    Face("zero_pad", "X", IMAGES, lambda x: convstep.zero_pad(x, 1), False),
    Face("conv_single_step", "a_slice_prev", SLICE, lambda x: convstep.conv_single_step(x, ones(*SLICE), ones(1, 1, 1)),
         False),
    Face("conv_single_step", "W", SLICE, lambda x: convstep.conv_single_step(ones(*SLICE), x, ones(1, 1, 1)), False),
    Face("conv_single_step", "b", (1, 1, 1), lambda x: convstep.conv_single_step(ones(*SLICE), ones(*SLICE), x), False),
    Face("conv_forward", "A_prev", IMAGES,
         lambda x: convstep.conv_forward(x, ones(*WEIGHTS), ones(1, 1, 1, 8), STEP)[0], False),
    Face("conv_forward", "W", WEIGHTS, lambda x: convstep.conv_forward(ones(*IMAGES), x, ones(1, 1, 1, 8), STEP)[0],
         False),
    Face("conv_forward", "b", (1, 1, 1, 8),
         lambda x: convstep.conv_forward(ones(*IMAGES), ones(*WEIGHTS), x, STEP)[0], False),
    Face("pool_forward", "A_prev", IMAGES, lambda x: convstep.pool_forward(x, WINDOW)[0], False),
    Face("pool_forward average", "A_prev", IMAGES, lambda x: convstep.pool_forward(x, WINDOW, "average")[0], False),
]
ECOSYSTEM = [
    Face("conv2d", "input", IMAGES, lambda x, **more: convstep.conv2d(x, ones(*WEIGHTS), **more)),
    Face("conv2d", "weights", WEIGHTS, lambda x, **more: convstep.conv2d(ones(*IMAGES), x, **more)),
    Face("conv2d", "bias", (8,), lambda x, **more: convstep.conv2d(ones(*IMAGES), ones(*WEIGHTS), x, **more)),
    Face("conv2d", "residual", OUTPUT,
         lambda x, **more: convstep.conv2d(ones(*IMAGES), ones(*WEIGHTS), residual=x, **more)),
    Face("conv2d NCHW", "input", NCHW_IMAGES,
         lambda x, **more: convstep.conv2d(x, ones(*NCHW_WEIGHTS), layout="NCHW", **more)),
    Face("conv2d NCHW", "weights", NCHW_WEIGHTS,
         lambda x, **more: convstep.conv2d(ones(*NCHW_IMAGES), x, layout="NCHW", **more)),
    Face("conv2d NCHW", "residual", NCHW_OUTPUT, lambda x, **more: convstep.conv2d(
        ones(*NCHW_IMAGES), ones(*NCHW_WEIGHTS), residual=x, layout="NCHW", **more)),
    Face("Conv2d", "weights", WEIGHTS, lambda x, **more: convstep.Conv2d(x)(ones(*IMAGES), **more)),
    Face("Conv2d", "bias", (8,), lambda x, **more: convstep.Conv2d(ones(*WEIGHTS), x)(ones(*IMAGES), **more)),
    Face("Conv2d", "input", IMAGES, lambda x, **more: convstep.Conv2d(ones(*WEIGHTS))(x, **more)),
    Face("Conv2d", "residual", OUTPUT,
         lambda x, **more: convstep.Conv2d(ones(*WEIGHTS))(ones(*IMAGES), residual=x, **more)),
    _pool("max_pool2d", kernel_size=2),
    _pool("max_pool2d", kernel_size=2, layout="NCHW"),
    _pool("avg_pool2d", kernel_size=2),
    _pool("l2_pool2d", kernel_size=2),
    _pool("lp_pool2d", kernel_size=2, p=1),
    _pool("global_max_pool2d"),
    _pool("global_avg_pool2d"),
    _pool("global_l2_pool2d"),
    _pool("pad2d", padding=1),
]
POOLED, NCHW_POOLED = (2, 2, 3, 4), (2, 4, 2, 3)
NOTEBOOK_BACKWARD = [
    Face("conv_backward", "dZ", OUTPUT,
         lambda x: convstep.conv_backward(x, (ones(*IMAGES), ones(*WEIGHTS), BIAS, ALONE))[0], False, False),
    Face("conv_backward", "A_prev", IMAGES,
         lambda x: convstep.conv_backward(ones(*OUTPUT), (x, ones(*WEIGHTS), BIAS, ALONE))[1], False, False),
    Face("conv_backward", "W", WEIGHTS,
         lambda x: convstep.conv_backward(ones(*OUTPUT), (ones(*IMAGES), x, BIAS, ALONE))[0], False, False),
    Face("create_mask_from_window", "x", (3, 2), convstep.create_mask_from_window, False, False),
    Face("pool_backward", "dA", POOLED, lambda x: convstep.pool_backward(x, (ones(*IMAGES), WINDOW)), False, False),
    Face("pool_backward", "A_prev", IMAGES, lambda x: convstep.pool_backward(ones(*POOLED), (x, WINDOW)), False, False),
]
ECOSYSTEM_BACKWARD = [
    Face("conv2d_backward_input", "grad", OUTPUT,
         lambda x, **more: convstep.conv2d_backward_input(x, ones(*WEIGHTS), IMAGES, **more), True, False),
    Face("conv2d_backward_input NCHW", "grad", NCHW_OUTPUT, lambda x, **more: convstep.conv2d_backward_input(
        x, ones(*NCHW_WEIGHTS), NCHW_IMAGES, layout="NCHW", **more), True, False),
    Face("conv2d_backward_input", "weights", WEIGHTS,
         lambda x, **more: convstep.conv2d_backward_input(ones(*OUTPUT), x, IMAGES, **more), True, False),
    Face("conv2d_backward_weights", "grad", OUTPUT,
         lambda x, **more: convstep.conv2d_backward_weights(x, ones(*IMAGES), WEIGHTS, **more), True, False),
    Face("conv2d_backward_weights", "input", IMAGES,
         lambda x, **more: convstep.conv2d_backward_weights(ones(*OUTPUT), x, WEIGHTS, **more), True, False),
    Face("conv2d_backward_weights NCHW", "input", NCHW_IMAGES, lambda x, **more: convstep.conv2d_backward_weights(
        ones(*NCHW_OUTPUT), x, NCHW_WEIGHTS, layout="NCHW", **more), True, False),
    Face("max_pool2d_backward", "grad", POOLED,
         lambda x, **more: convstep.max_pool2d_backward(x, ones(*IMAGES), 2, **more), True, False),
    Face("max_pool2d_backward", "input", IMAGES,
         lambda x, **more: convstep.max_pool2d_backward(ones(*POOLED), x, 2, **more), True, False),
    Face("max_pool2d_backward indices", "grad", POOLED, lambda x, **more: convstep.max_pool2d_backward(
        x, None, 2, indices=np.zeros(POOLED, int), input_shape=IMAGES, **more), True, False),
    Face("avg_pool2d_backward", "grad", POOLED,
         lambda x, **more: convstep.avg_pool2d_backward(x, IMAGES, 2, **more), True, False),
    Face("avg_pool2d_backward NCHW", "grad", NCHW_POOLED,
         lambda x, **more: convstep.avg_pool2d_backward(x, NCHW_IMAGES, 2, layout="NCHW", **more), True, False),
    Face("lp_pool2d_backward", "grad", POOLED,
         lambda x, **more: convstep.lp_pool2d_backward(x, ones(*IMAGES), 1, 2, **more), True, False),
    Face("lp_pool2d_backward", "input", IMAGES,
         lambda x, **more: convstep.lp_pool2d_backward(ones(*POOLED), x, 1, 2, **more), True, False),
    Face("activation_backward", "grad", IMAGES,
         lambda x, **more: convstep.activation_backward(x, ones(*IMAGES), "relu", **more), True, False),
    Face("activation_backward", "input", IMAGES,
         lambda x, **more: convstep.activation_backward(ones(*IMAGES), x, "relu", **more), True, False),
    Face("pad2d_backward", "grad", (2, 7, 8, 4), lambda x, **more: convstep.pad2d_backward(x, 1, **more)),
    Face("pad2d_backward NCHW", "grad", (2, 4, 7, 8),
         lambda x, **more: convstep.pad2d_backward(x, (2, 1), layout="NCHW", **more)),
]
LINEAR = [
    Face("linear", "input", (3, 2), lambda x, **more: convstep.linear(x, ones(2, 5), **more)),
    Face("linear", "weights", (1, 2), lambda x, **more: convstep.linear(ones(3, 1), x, **more)),
    Face("linear", "bias", (5,), lambda x, **more: convstep.linear(ones(3, 2), ones(2, 5), x, **more)),
]
SEVERAL_RESULTS = [
    Face("conv2d_backward", "grad", OUTPUT,
         lambda x: convstep.conv2d_backward(x, ones(*IMAGES), ones(*WEIGHTS))[1], False, False),
    Face("conv2d_backward", "input", IMAGES,
         lambda x: convstep.conv2d_backward(ones(*OUTPUT), x, ones(*WEIGHTS))[1], False, False),
    Face("conv2d_backward", "weights", WEIGHTS,
         lambda x: convstep.conv2d_backward(ones(*OUTPUT), ones(*IMAGES), x)[0], False, False),
    Face("Conv2d.backward", "grad", OUTPUT,
         lambda x: convstep.Conv2d(ones(*WEIGHTS), activation="relu").backward(x, ones(*IMAGES))[1], False, False),
    Face("Conv2d.backward", "input", IMAGES,
         lambda x: convstep.Conv2d(ones(*WEIGHTS), activation="relu").backward(ones(*OUTPUT), x)[1], False, False),
    Face("linear_backward", "grad", (1, 2),
         lambda x: convstep.linear_backward(x, ones(1, 4), ones(4, 2))[0], False, False),
    Face("linear_backward", "input", (1, 2),
         lambda x: convstep.linear_backward(ones(1, 5), x, ones(2, 5))[1], False, False),
    Face("linear_backward", "weights", (1, 2),
         lambda x: convstep.linear_backward(ones(3, 2), ones(3, 1), x)[0], False, False),
]
NOTEBOOK += NOTEBOOK_BACKWARD
ECOSYSTEM += ECOSYSTEM_BACKWARD + LINEAR
FACES = NOTEBOOK + ECOSYSTEM + SEVERAL_RESULTS
