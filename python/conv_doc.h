// conv_doc.h: what Python's help() says of convolution.
#pragma once

namespace convstep::python {

inline constexpr const char* kConvSingleStepDoc = R"(Apply one filter to one window: ``sum(a_slice_prev * W) + b``.

The sum is taken in the order of `numpy.sum`, so that the last bit is NumPy's.

Parameters
----------
a_slice_prev : array_like, shape (f, f, n_C_prev)
    A window of the input; float32 and float64 are kept, integers and bools become float64.
W : array_like, shape (f, f, n_C_prev)
    The filter.
b : array_like, shape (1, 1, 1)
    Its bias.

Returns
-------
Z : numpy.float64 or numpy.float32

Raises
------
ValueError
    The shapes differ, or `b` does not hold one number in three axes.
TypeError
    An argument is no array of numbers that fit in float64.

Examples
--------
>>> import numpy as np
>>> print(conv_single_step(np.ones((2, 2, 3)), np.full((2, 2, 3), 0.5), np.ones((1, 1, 1))))
7.0
)";

inline constexpr const char* kConvForwardDoc = R"(Slide the filters `W` over the images `A_prev`, as the notebook does.

``Z[i, h, w, c] = sum(padded[i, h*stride : h*stride + f, w*stride : w*stride + f, :] * W[:, :, :, c]) + b[0, 0, 0, c]``

Parameters
----------
A_prev : array_like, shape (m, n_H_prev, n_W_prev, n_C_prev)
    Activations of the layer before; float32 and float64 are kept, integers and bools become float64.
W : array_like, shape (f, f, n_C_prev, n_C)
    The filters.
b : array_like, shape (1, 1, 1, n_C)
    Their biases.
hparameters : dict
    "stride", 1 or more, and "pad", 0 or more.

Returns
-------
Z : ndarray, shape (m, n_H, n_W, n_C)
    With ``n_H = (n_H_prev - f + 2*pad) // stride + 1``, n_W alike.
cache : tuple
    ``(A_prev, W, b, hparameters)``, the very objects that were passed.

Raises
------
ValueError
    Shapes that do not fit each other, a window larger than the padded input, a missing or impossible hyperparameter.
TypeError
    An array of no numbers that fit in float64, a hyperparameter that is no integer.

Examples
--------
>>> import numpy as np
>>> A_prev, W, b = np.ones((1, 4, 4, 3)), np.ones((2, 2, 3, 8)), np.zeros((1, 1, 1, 8))
>>> Z, cache = conv_forward(A_prev, W, b, {"stride": 2, "pad": 1})
>>> Z.shape
(1, 3, 3, 8)
>>> print(Z[0, :, :, 0])
[[ 3.  6.  3.]
 [ 6. 12.  6.]
 [ 3.  6.  3.]]
)";

inline constexpr const char* kConv2dDoc = R"(2-D convolution (cross-correlation), with residual and activation.

``output[n,y,x,o] = activation(bias[o] + residual[n,y,x,o] + sum over i,j,c of
padded[n, y*stride + i*dilation, x*stride + j*dilation, g*C/groups + c] * weights[i,j,c,o])``,
where g is the group of the output channel o.

Parameters
----------
input : array_like, shape (N, H, W, C)
    float32 and float64 are kept, integers and bools become float64, a mixture is computed in float64.
weights : array_like, shape (KH, KW, C/groups, O)
bias : array_like, shape (O,), optional
stride, dilation : int or (height, width)
padding : int, (height, width), ((top, bottom), (left, right)), "valid", "same", "same_upper" or "same_lower"
    Zeros around the input. "same" gives ``OH = ceil(H / stride)``, with an odd row or column at the end, as
    "same_upper" does; "same_lower" puts it at the beginning.
groups : int
    Groups of channels that are convolved by themselves; C for a depthwise convolution.
activation : {None, "relu", "relu6", "leaky_relu", "sigmoid", "tanh"}
slope : float
    Of "leaky_relu", below 0.
residual : array_like, shape (N, OH, OW, O), optional
    Added before the activation. It may be `out` itself.
out : ndarray, optional
    Where to write the result: of its shape and dtype, writable, not overlapping an input.
threads : int, optional
    The most threads that the call may use, 1 to 1024; by default `num_threads()`. It does not change a bit of the
    result.
layout : {"NHWC", "NCHW"}
    With "NCHW" input, residual and output have their channels second, and weights have the shape (O, C/groups, KH, KW).
algorithm : {"auto", "direct", "winograd", "reference"}
    "auto" chooses by the shape of one image and the dtype alone. "direct" is one chain of fused multiply-adds for each
    output, "winograd" takes fewer multiplications for 3 by 3 windows of stride 1 (what it does not fit is computed as
    with "auto"), "reference" is plain loops with each sum in NumPy's order.

Returns
-------
output : ndarray, shape (N, OH, OW, O), or (N, O, OH, OW)
    With ``OH = (H + top + bottom - dilation*(KH - 1) - 1) // stride + 1``. It is `out`, if that was given.

Raises
------
ValueError
    Shapes that do not fit each other, a number out of its range, memory that overlaps.
TypeError
    An argument of the wrong type: it is named, with what was given and what was expected.

Notes
-----
Arrays that are aligned and in the machine's byte order are read where they lie, whatever their strides. The GIL is
released while the call computes, and Ctrl-C ends it.

Examples
--------
>>> import numpy as np
>>> output = conv2d(np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 2)), padding="same", activation="relu")
>>> output.shape
(1, 4, 4, 2)
>>> print(output[0, :, :, 0])
[[4. 6. 6. 4.]
 [6. 9. 9. 6.]
 [6. 9. 9. 6.]
 [4. 6. 6. 4.]]
)";

}  // namespace convstep::python
