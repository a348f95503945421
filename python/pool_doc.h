// pool_doc.h: what Python's help() says of pooling.
#pragma once

#include <string>

namespace convstep::python {

inline constexpr const char* kPoolForwardDoc =
    R"(Keep one number of every window of every channel, as the notebook does.

``A[i, h, w, c]`` is the largest number, or the mean, of
``A_prev[i, h*stride : h*stride + f, w*stride : w*stride + f, c]``.

Parameters
----------
A_prev : array_like, shape (m, n_H_prev, n_W_prev, n_C)
    float32 and float64 are kept, integers and bools become float64.
hparameters : dict
    "stride" and "f", the size of the window, both 1 or more.
mode : {"max", "average"}

Returns
-------
A : ndarray, shape (m, n_H, n_W, n_C)
    With ``n_H = (n_H_prev - f) // stride + 1``, n_W alike.
cache : tuple
    ``(A_prev, hparameters)``, the very objects that were passed.

Raises
------
ValueError
    A_prev has not four axes, the window is larger than the images, a missing or impossible hyperparameter or mode.
TypeError
    An array of no numbers that fit in float64, a hyperparameter that is no integer.

Examples
--------
>>> import numpy as np
>>> A, cache = pool_forward(np.arange(16.0).reshape(1, 4, 4, 1), {"stride": 2, "f": 2})
>>> print(A[0, :, :, 0])
[[ 5.  7.]
 [13. 15.]]
)";

// The parts that the pooling functions share.
inline const std::string kPoolWindow = R"(
Parameters
----------
input : array_like, shape (N, H, W, C), or (N, C, H, W) for layout "NCHW"
    float32 and float64 are kept, integers and bools become float64.
kernel_size : int or (height, width)
    The size of the window.
stride : int or (height, width), optional
    How far the window moves; by default the size of the window.
padding : int, (height, width), ((top, bottom), (left, right)), "valid", "same", "same_upper" or "same_lower"
    Every window must still read at least one element of the input.
dilation : int or (height, width)
ceil_mode : bool
    Keep a last window that hangs over the end, unless it would start beyond the input and its leading padding.
)";
inline const std::string kPoolEnd = R"(out : ndarray, optional
    Where to write the result: of its shape and dtype, writable, not overlapping the input.
threads : int, optional
    The most threads that the call may use, 1 to 1024; by default `num_threads()`. It does not change a bit of the
    result.
layout : {"NHWC", "NCHW"}
)";
inline const std::string kPoolRaises = R"(
Raises
------
ValueError, TypeError
    As `conv2d` does.
)";

inline const std::string kMaxPool2dDoc =
    std::string() + R"(The largest element of every window: NaN if there is one, and +0 is larger than -0.
)" + kPoolWindow +
    R"(return_indices : bool
    Return also where each maximum was.
)" + kPoolEnd +
    R"(
Returns
-------
output : ndarray, shape (N, OH, OW, C), or with C second
indices : ndarray of int64, the same shape
    Only with `return_indices`: ``row * W + column`` in the image without its padding, the first among equals.
)" + kPoolRaises +
    R"(
Examples
--------
>>> import numpy as np
>>> output, indices = max_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), kernel_size=2, return_indices=True)
>>> print(indices[0, :, :, 0])
[[ 5  7]
 [13 15]]
)";

inline const std::string kAvgPool2dDoc = std::string() + R"(The mean of every window.
)" + kPoolWindow + R"(count_include_pad : bool
    Count the zeros of the padding, too (never what `ceil_mode` adds beyond it).
)" + kPoolEnd + R"(
Returns
-------
output : ndarray, shape (N, OH, OW, C), or with C second
)" + kPoolRaises + R"(
Examples
--------
>>> import numpy as np
>>> print(avg_pool2d(np.arange(16.0).reshape(1, 4, 4, 1), kernel_size=2)[0, :, :, 0])
[[ 2.5  4.5]
 [10.5 12.5]]
)";

inline const std::string kL2Pool2dDoc = std::string() + R"(The root of the sum of squares of every window.
)" + kPoolWindow + kPoolEnd + R"(
Returns
-------
output : ndarray, shape (N, OH, OW, C), or with C second
)" + kPoolRaises + R"(
Examples
--------
>>> import numpy as np
>>> print(l2_pool2d(np.array([3.0, 4.0]).reshape(1, 1, 2, 1), kernel_size=(1, 2))[0, 0, 0, 0])
5.0
)";

inline const std::string kLpPool2dDoc =
    std::string() + R"(The p-norm of every window, ``sum(abs(x)**p) ** (1/p)``; `p` is finite and at least 1.
)" + kPoolWindow +
    kPoolEnd + R"(
Returns
-------
output : ndarray, shape (N, OH, OW, C), or with C second
)" + kPoolRaises +
    R"(
Examples
--------
>>> import numpy as np
>>> print(lp_pool2d(np.array([3.0, -4.0]).reshape(1, 1, 2, 1), p=1, kernel_size=(1, 2))[0, 0, 0, 0])
7.0
)";

inline std::string global_pool_doc(const char* summary, const char* examples) {
  return std::string(summary) + R"(

Parameters
----------
input : array_like, shape (N, H, W, C), or (N, C, H, W) for layout "NCHW"
    float32 and float64 are kept, integers and bools become float64.
)" + kPoolEnd +
         R"(
Returns
-------
output : ndarray, shape (N, 1, 1, C), or (N, C, 1, 1)
)" + kPoolRaises +
         examples;
}

inline const std::string kGlobalMaxPool2dDoc = global_pool_doc("The largest element of every channel.", R"(
Examples
--------
>>> import numpy as np
>>> global_max_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
array([[[[6., 7.]]]])
)");

inline const std::string kGlobalAvgPool2dDoc = global_pool_doc("The mean of every channel.", R"(
Examples
--------
>>> import numpy as np
>>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2))
array([[[[3., 4.]]]])
)");

inline const std::string kGlobalL2Pool2dDoc = global_pool_doc("The root of the sum of squares of every channel.", R"(
Examples
--------
>>> import numpy as np
>>> global_l2_pool2d(np.array([3.0, 4.0]).reshape(1, 1, 2, 1))
array([[[[5.]]]])
)");

}  // namespace convstep::python
