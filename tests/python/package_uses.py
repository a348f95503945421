"""Typical uses of convstep and the types they have. test_package_types.py checks this file and runs it."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from typing_extensions import assert_type

import convstep
from convstep import draw, layers

x = np.ones((2, 6, 8, 3))
weights = np.ones((3, 3, 3, 4))
biases = np.ones((1, 1, 1, 4))
hparameters = {"stride": 1, "pad": 1}

assert_type(convstep.__version__, str)
assert_type(convstep.zero_pad(x, 2), NDArray[Any])
assert_type(convstep.conv_single_step(x[0, :3, :3], weights[..., 0], biases[..., 0]), np.floating[Any])
Z, conv_cache = convstep.conv_forward(x, weights, biases, hparameters)
assert_type(Z, NDArray[Any])
assert_type(conv_cache[3], dict[str, int])
assert conv_cache[0] is x
A, pool_cache = convstep.pool_forward(A_prev=x, hparameters={"f": 2, "stride": 2}, mode="average")
assert_type(A, NDArray[Any])
assert pool_cache[0] is x

assert_type(convstep.conv2d(x, weights, [0.0] * 4, stride=(2, 1), padding="same", activation="relu"), NDArray[Any])
assert_type(convstep.conv2d(x, weights, padding=((1, 1), (0, 0)), residual=None, threads=2), NDArray[Any])
assert_type(convstep.max_pool2d(x, kernel_size=2), NDArray[Any])
assert_type(convstep.max_pool2d(x, kernel_size=2, return_indices=True), tuple[NDArray[Any], NDArray[np.int64]])
flag = len(x) == 2
pooled_or_pair = convstep.max_pool2d(x, kernel_size=2, return_indices=flag)
assert_type(pooled_or_pair, NDArray[Any] | tuple[NDArray[Any], NDArray[np.int64]])
assert_type(convstep.avg_pool2d(x, kernel_size=(2, 3), count_include_pad=True), NDArray[Any])
assert_type(convstep.l2_pool2d(x, kernel_size=2, stride=1, ceil_mode=True), NDArray[Any])
assert_type(convstep.lp_pool2d(x, p=3, kernel_size=2), NDArray[Any])
assert_type(convstep.global_max_pool2d(x), NDArray[Any])
assert_type(convstep.global_avg_pool2d(x, layout="NCHW"), NDArray[Any])
assert_type(convstep.global_l2_pool2d(x, out=np.empty((2, 1, 1, 3))), NDArray[Any])
assert_type(convstep.pad2d([[[[1.0]]]], padding=(1, 2)), NDArray[Any])

dA_prev, dW, db = convstep.conv_backward(Z, conv_cache)
assert_type(db, NDArray[Any])
assert_type(convstep.create_mask_from_window(x[0, :2, :2, 0]), NDArray[np.bool_])
assert_type(convstep.distribute_value(2, (2, 2)), NDArray[Any])
assert_type(convstep.pool_backward(A, pool_cache, mode="average", ties="first"), NDArray[Any])
y = convstep.conv2d(x, weights)
assert_type(convstep.conv2d_backward(y, x, weights), tuple[NDArray[Any], NDArray[Any], NDArray[Any]])
assert_type(convstep.conv2d_backward(y, x, weights, bias=False), tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None])
assert_type(convstep.conv2d_backward_input(y, weights, (2, 6, 8, 3), out=np.zeros_like(x), accumulate=True), NDArray[Any])
assert_type(convstep.conv2d_backward_weights(y, x, weights), NDArray[Any])
assert_type(convstep.conv2d_backward_weights(y, x, (3, 3, 3, 4), bias=True), tuple[NDArray[Any], NDArray[Any]])
halves, where = convstep.max_pool2d(x, 2, return_indices=True)
assert_type(convstep.max_pool2d_backward(halves, x, 2, ties="all"), NDArray[Any])
assert_type(convstep.max_pool2d_backward(halves, None, 2, indices=where, input_shape=x), NDArray[Any])
assert_type(convstep.avg_pool2d_backward(halves, (2, 6, 8, 3), kernel_size=2), NDArray[Any])
assert_type(convstep.lp_pool2d_backward(halves, x, p=2, kernel_size=2), NDArray[Any])
assert_type(convstep.activation_backward(x, x, "relu"), NDArray[Any])

assert_type(convstep.conv2d_backward(y, x, weights, out=(None, np.zeros_like(weights), None), accumulate=True),
            tuple[NDArray[Any], NDArray[Any], NDArray[Any]])
assert_type(convstep.pad2d_backward(x, padding=((1, 0), (0, 1))), NDArray[Any])
rows, matrix = x.reshape(2, -1), np.ones((144, 5))
logits = convstep.linear(rows, matrix, [0.0] * 5, activation="tanh")
assert_type(logits, NDArray[Any])
loss, logits_grad = convstep.softmax_cross_entropy(logits, [0, 4], count=2)
assert_type(loss, np.floating[Any])
assert_type(convstep.linear_backward(logits_grad, rows, matrix), tuple[NDArray[Any], NDArray[Any], NDArray[Any]])
assert_type(convstep.linear_backward(logits_grad, rows, matrix, bias=False),
            tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None])

layer = convstep.Conv2d(weights, groups=1, activation="leaky_relu", slope=0.2)
assert_type(layer, convstep.Conv2d)
assert_type(layer(x, threads=1), NDArray[Any])
assert_type(layer.backward(layer(x), x), tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None])
assert_type(layer.describe(), str)
assert_type(layer.describe((2, 6, 8, 3)), str)
assert_type(layer.output_shape((2, 6, 8, 3)), tuple[int, int, int, int])
assert_type(layer.workspace_bytes((2, 6, 8, 3)), int)
assert_type(layer.describe(x), str)
assert_type(layer.output_shape(x), tuple[int, int, int, int])
assert_type(convstep.conv2d(x, weights, algorithm="winograd"), NDArray[Any])
assert_type(convstep.simd_targets(), list[str])
convstep.set_simd_target(convstep.simd_target())
convstep.set_num_threads(convstep.num_threads())

assert_type(draw.volume(x, titles=("r", "g", "b")), Figure)
assert_type(draw.filters(weights), Figure)
assert_type(draw.window(x, kernel_size=(3, 3), padding="same_lower", position=(1, 2)), Figure)
assert_type(draw.pairs(x, convstep.zero_pad(x, 1), limit=1), Figure)

network = convstep.Network([layers.Conv(8, 3, padding="same"), layers.Flatten(), layers.Linear(3)], (6, 8, 3), seed=1)
history = network.fit(x, [0, 1], optimizer=convstep.Sgd(0.1, momentum=0.9), epochs=2, validation=(x, [0, 1]), progress=False)
assert_type(history, convstep.History)
assert_type(history.loss, list[float])
assert_type(network.predict(x), NDArray[Any])
assert_type(network.weights, dict[str, NDArray[Any]])
assert_type(network.inputs, dict[str, tuple[int | None, ...]])
assert_type(network.describe(memory=10**9), str)
assert_type(network.astype("float64"), convstep.Network)
assert network(x, threads=1).shape == (2, 3)
assert_type(convstep.sklearn.ConvClassifier(epochs=1).fit(x, [0, 1]).predict(x), NDArray[Any])
