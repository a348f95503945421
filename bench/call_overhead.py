"""What a call costs besides its arithmetic: every function on a tiny array, and the layers of the notebook,
against np.add on the same array.

    python bench/call_overhead.py

The rounds are interleaved, so that a busy machine slows all functions alike; what is printed is the median of the
rounds.
"""

import collections.abc
import statistics
import timeit

import numpy as np

import convstep

ROUNDS = 101
CALLS = 2000  # per round: about a millisecond, much longer than a reading of the clock
GOAL = 10  # times np.add

X = np.ones((1, 2, 2, 1))
NCHW = np.ones((1, 1, 2, 2))
WEIGHTS = np.ones((1, 1, 1, 1))
SLICE = np.ones((1, 1, 1))
BIAS = np.ones(1)
OUT = np.empty_like(X)
LABELS = np.zeros(1, int)
STEP, WINDOW = {"stride": 1, "pad": 0}, {"stride": 1, "f": 1}
LAYER = convstep.Conv2d(WEIGHTS, BIAS)
# The notebook's layer, whose arithmetic is part of the cost: 960 outputs of 36 products.
A_PREV, W, B = np.ones((10, 5, 7, 4)), np.ones((3, 3, 4, 8)), np.ones((1, 1, 1, 8))
NOTEBOOK = {"stride": 2, "pad": 1}
DZ, CACHE = convstep.conv_forward(A_PREV, W, B, NOTEBOOK)
NOTEBOOK_LAYER = convstep.Conv2d(W, B.reshape(8), stride=2, padding=1)

FUNCTIONS: dict[str, collections.abc.Callable[[], object]] = {
    "np.add": lambda: np.add(X, X),
    "np.add out=": lambda: np.add(X, X, out=OUT),
    "zero_pad": lambda: convstep.zero_pad(X, 0),
    "conv_single_step": lambda: convstep.conv_single_step(SLICE, SLICE, SLICE),
    "conv_forward": lambda: convstep.conv_forward(X, WEIGHTS, WEIGHTS, STEP),
    "pool_forward": lambda: convstep.pool_forward(X, WINDOW),
    "conv2d": lambda: convstep.conv2d(X, WEIGHTS),
    "conv2d bias": lambda: convstep.conv2d(X, WEIGHTS, BIAS),
    "conv2d stride= padding= activation=": lambda: convstep.conv2d(X, WEIGHTS, BIAS, stride=1, padding=0,
                                                                   activation="relu"),
    "conv2d out=": lambda: convstep.conv2d(X, WEIGHTS, out=OUT),
    "conv2d NCHW": lambda: convstep.conv2d(NCHW, WEIGHTS, layout="NCHW"),
    "Conv2d": lambda: LAYER(X),
    "max_pool2d": lambda: convstep.max_pool2d(X, kernel_size=1),
    "max_pool2d return_indices=": lambda: convstep.max_pool2d(X, kernel_size=1, return_indices=True),
    "avg_pool2d": lambda: convstep.avg_pool2d(X, kernel_size=1),
    "l2_pool2d": lambda: convstep.l2_pool2d(X, kernel_size=1),
    "lp_pool2d": lambda: convstep.lp_pool2d(X, kernel_size=1, p=1),
    "global_max_pool2d": lambda: convstep.global_max_pool2d(X),
    "global_avg_pool2d": lambda: convstep.global_avg_pool2d(X),
    "global_l2_pool2d": lambda: convstep.global_l2_pool2d(X),
    "pad2d": lambda: convstep.pad2d(X, padding=0),
    "linear": lambda: convstep.linear(SLICE[0], SLICE[0], BIAS),
    "conv_backward": lambda: convstep.conv_backward(X, (X, WEIGHTS, WEIGHTS, STEP)),
    "pool_backward": lambda: convstep.pool_backward(X, (X, WINDOW)),
    "conv2d_backward": lambda: convstep.conv2d_backward(X, X, WEIGHTS),
    "conv2d_backward_input out=": lambda: convstep.conv2d_backward_input(X, WEIGHTS, X, out=OUT),
    "max_pool2d_backward": lambda: convstep.max_pool2d_backward(X, X, 1),
    "activation_backward": lambda: convstep.activation_backward(X, X, "relu"),
    "pad2d_backward": lambda: convstep.pad2d_backward(X, padding=0),
    "linear_backward": lambda: convstep.linear_backward(SLICE[0], SLICE[0], SLICE[0]),
    "softmax_cross_entropy": lambda: convstep.softmax_cross_entropy(SLICE[0], LABELS),
}
ON_THE_NOTEBOOKS_SHAPES: dict[str, collections.abc.Callable[[], object]] = {
    "np.add": lambda: np.add(A_PREV, A_PREV),
    "conv_forward": lambda: convstep.conv_forward(A_PREV, W, B, NOTEBOOK),
    "conv_backward": lambda: convstep.conv_backward(DZ, CACHE),
    "conv2d": lambda: convstep.conv2d(A_PREV, W, stride=2, padding=1),
    "conv2d_backward": lambda: convstep.conv2d_backward(DZ, A_PREV, W, stride=2, padding=1),
    "Conv2d": lambda: NOTEBOOK_LAYER(A_PREV),
    "pool_forward": lambda: convstep.pool_forward(A_PREV, {"stride": 2, "f": 3}),
    "max_pool2d": lambda: convstep.max_pool2d(A_PREV, kernel_size=3, stride=2),
}


def compare(functions: dict[str, collections.abc.Callable[[], object]]) -> None:
    timers = {name: timeit.Timer(function) for name, function in functions.items()}
    seconds: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(ROUNDS):
        for name, timer in timers.items():
            seconds[name].append(timer.timeit(CALLS) / CALLS)
    usual = statistics.median(seconds["np.add"])
    for name, times in seconds.items():
        median = statistics.median(times)
        remark = "  slow" if median > GOAL * usual else ""
        print(f"{name:36} {median * 1e9:7.0f} ns  {median / usual:5.1f} x np.add{remark}")


def main() -> None:
    print("On an array of 4 elements:")
    compare(FUNCTIONS)
    print("On the notebook's shapes:")
    compare(ON_THE_NOTEBOOKS_SHAPES)


if __name__ == "__main__":
    main()
