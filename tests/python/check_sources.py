"""Right versions of the notebook's functions, as learners write them: by loops, by slices of the batch, by im2col."""

import linecache

import numpy as np

ZERO_PAD = """
def zero_pad(X, pad):
    X_pad = np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="constant", constant_values=(0, 0))
    return X_pad
"""

ZERO_PAD_BY_SLICE = """
def zero_pad(X, pad):
    m, n_H, n_W, n_C = X.shape
    X_pad = np.zeros((m, n_H + 2 * pad, n_W + 2 * pad, n_C))
    X_pad[:, pad:pad + n_H, pad:pad + n_W, :] = X
    return X_pad
"""

STEP = """
def conv_single_step(a_slice_prev, W, b):
    s = np.multiply(a_slice_prev, W)
    Z = np.sum(s)
    Z = Z + float(b[0, 0, 0])
    return Z
"""

STEP_BY_LOOPS = """
def conv_single_step(a_slice_prev, W, b):
    f, _, n_C_prev = W.shape
    total = 0.0
    for i in range(f):
        for j in range(f):
            for k in range(n_C_prev):
                total += a_slice_prev[i, j, k] * W[i, j, k]
    return total + b.item()
"""

CONV = ZERO_PAD + STEP + """
def conv_forward(A_prev, W, b, hparameters):
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f, n_C_prev, n_C) = W.shape
    stride = hparameters["stride"]
    pad = hparameters["pad"]
    n_H = int((n_H_prev - f + 2 * pad) / stride) + 1
    n_W = int((n_W_prev - f + 2 * pad) / stride) + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = zero_pad(A_prev, pad)
    for i in range(m):
        a_prev_pad = A_prev_pad[i]
        for h in range(n_H):
            vert_start = h * stride
            vert_end = vert_start + f
            for w in range(n_W):
                horiz_start = w * stride
                horiz_end = horiz_start + f
                for c in range(n_C):
                    a_slice_prev = a_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :]
                    weights = W[:, :, :, c]
                    biases = b[:, :, :, c]
                    Z[i, h, w, c] = conv_single_step(a_slice_prev, weights, biases)
    cache = (A_prev, W, b, hparameters)
    return Z, cache
"""

CONV_OF_BATCH = """
def conv_forward(A_prev, W, b, hparameters):
    f = W.shape[0]
    s, p = hparameters["stride"], hparameters["pad"]
    x = np.pad(A_prev, [(0, 0), (p, p), (p, p), (0, 0)])
    H = (A_prev.shape[1] - f + 2 * p) // s + 1
    V = (A_prev.shape[2] - f + 2 * p) // s + 1
    Z = np.zeros((A_prev.shape[0], H, V, W.shape[3]))
    for h in range(H):
        for w in range(V):
            window = x[:, h * s:h * s + f, w * s:w * s + f, :]
            Z[:, h, w, :] = np.tensordot(window, W, axes=3)
    Z = Z + b
    return Z, (A_prev, W, b, hparameters)
"""

CONV_BY_IM2COL = """
def conv_forward(A_prev, W, b, hparameters):
    m, n_H_prev, n_W_prev, n_C_prev = A_prev.shape
    f, _, _, n_C = W.shape
    stride, pad = hparameters["stride"], hparameters["pad"]
    padded = np.zeros((m, n_H_prev + 2 * pad, n_W_prev + 2 * pad, n_C_prev))
    padded[:, pad:pad + n_H_prev, pad:pad + n_W_prev] = A_prev
    n_H = (n_H_prev + 2 * pad - f) // stride + 1
    n_W = (n_W_prev + 2 * pad - f) // stride + 1
    columns = np.zeros((m, n_H, n_W, f * f * n_C_prev))
    for i in range(n_H):
        for j in range(n_W):
            patch = padded[:, i * stride:i * stride + f, j * stride:j * stride + f]
            columns[:, i, j] = patch.reshape(m, -1)
    kernel = W.reshape(-1, n_C)
    Z = columns @ kernel + b.reshape(n_C)
    return Z, (A_prev, W, b, hparameters)
"""

CONV_BY_TAPS = """
def conv_forward(A_prev, W, b, hparameters):
    m, n_H_prev, n_W_prev, n_C_prev = A_prev.shape
    f, _, _, n_C = W.shape
    stride, pad = hparameters["stride"], hparameters["pad"]
    n_H = (n_H_prev + 2 * pad - f) // stride + 1
    n_W = (n_W_prev + 2 * pad - f) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    z = 0
                    for y in range(f):
                        for x in range(f):
                            for k in range(n_C_prev):
                                row = h * stride + y - pad
                                col = w * stride + x - pad
                                if 0 <= row < n_H_prev and 0 <= col < n_W_prev:
                                    z += A_prev[i, row, col, k] * W[y, x, k, c]
                    Z[i, h, w, c] = z + b[0, 0, 0, c]
    return Z, (A_prev, W, b, hparameters)
"""

POOL = """
def pool_forward(A_prev, hparameters, mode="max"):
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    f = hparameters["f"]
    stride = hparameters["stride"]
    n_H = int(1 + (n_H_prev - f) / stride)
    n_W = int(1 + (n_W_prev - f) / stride)
    n_C = n_C_prev
    A = np.zeros((m, n_H, n_W, n_C))
    for i in range(m):
        for h in range(n_H):
            vert_start = h * stride
            vert_end = vert_start + f
            for w in range(n_W):
                horiz_start = w * stride
                horiz_end = horiz_start + f
                for c in range(n_C):
                    a_prev_slice = A_prev[i, vert_start:vert_end, horiz_start:horiz_end, c]
                    if mode == "max":
                        A[i, h, w, c] = np.max(a_prev_slice)
                    elif mode == "average":
                        A[i, h, w, c] = np.mean(a_prev_slice)
    cache = (A_prev, hparameters)
    return A, cache
"""

POOL_OF_BATCH = """
def pool_forward(A_prev, hparameters, mode="max"):
    f, s = hparameters["f"], hparameters["stride"]
    H = (A_prev.shape[1] - f) // s + 1
    V = (A_prev.shape[2] - f) // s + 1
    reduce = np.max if mode == "max" else np.mean
    A = np.zeros((A_prev.shape[0], H, V, A_prev.shape[3]))
    for h in range(H):
        for w in range(V):
            A[:, h, w] = reduce(A_prev[:, h * s:h * s + f, w * s:w * s + f], axis=(1, 2))
    return A, (A_prev, hparameters)
"""

POOL_BY_COMPARISON = """
def pool_forward(A_prev, hparameters, mode="max"):
    m, n_H_prev, n_W_prev, n_C = A_prev.shape
    f, stride = hparameters["f"], hparameters["stride"]
    n_H, n_W = (n_H_prev - f) // stride + 1, (n_W_prev - f) // stride + 1
    A = np.zeros((m, n_H, n_W, n_C))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    best = A_prev[i, h * stride, w * stride, c]
                    total = 0
                    for y in range(f):
                        for x in range(f):
                            a = A_prev[i, h * stride + y, w * stride + x, c]
                            if a > best:
                                best = a
                            total += a
                    A[i, h, w, c] = best if mode == "max" else total / (f * f)
    return A, (A_prev, hparameters)
"""

CONV_BACK = ZERO_PAD + """
def conv_backward(dZ, cache):
    (A_prev, W, b, hparameters) = cache
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f, n_C_prev, n_C) = W.shape
    stride = hparameters["stride"]
    pad = hparameters["pad"]
    (m, n_H, n_W, n_C) = dZ.shape
    dA_prev = np.zeros((m, n_H_prev, n_W_prev, n_C_prev))
    dW = np.zeros((f, f, n_C_prev, n_C))
    db = np.zeros((1, 1, 1, n_C))
    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = zero_pad(dA_prev, pad)
    for i in range(m):
        a_prev_pad = A_prev_pad[i]
        da_prev_pad = dA_prev_pad[i]
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert_start = h * stride
                    vert_end = vert_start + f
                    horiz_start = w * stride
                    horiz_end = horiz_start + f
                    a_slice = a_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :]
                    da_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += a_slice * dZ[i, h, w, c]
                    db[:, :, :, c] += dZ[i, h, w, c]
        dA_prev[i, :, :, :] = da_prev_pad[pad:pad + n_H_prev, pad:pad + n_W_prev, :]
    return dA_prev, dW, db
"""

CONV_BACK_OF_BATCH = """
def conv_backward(dZ, cache):
    A_prev, W, b, hparameters = cache
    s, p, f = hparameters["stride"], hparameters["pad"], W.shape[0]
    x = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    dx = np.zeros(x.shape)
    dW = np.zeros(W.shape)
    for h in range(dZ.shape[1]):
        for w in range(dZ.shape[2]):
            rows, columns = slice(h * s, h * s + f), slice(w * s, w * s + f)
            dx[:, rows, columns] += np.einsum("no,ijco->nijc", dZ[:, h, w], W)
            dW += np.einsum("nijc,no->ijco", x[:, rows, columns], dZ[:, h, w])
    db = dZ.sum(axis=(0, 1, 2), keepdims=True)
    return dx[:, p:dx.shape[1] - p, p:dx.shape[2] - p], dW, db
"""

MASK = """
def create_mask_from_window(x):
    mask = x == np.max(x)
    return mask
"""

SHARE = """
def distribute_value(dz, shape):
    (n_H, n_W) = shape
    average = dz / (n_H * n_W)
    a = np.ones(shape) * average
    return a
"""

POOL_BACK = MASK + SHARE + """
def pool_backward(dA, cache, mode="max"):
    (A_prev, hparameters) = cache
    stride = hparameters["stride"]
    f = hparameters["f"]
    m, n_H_prev, n_W_prev, n_C_prev = A_prev.shape
    m, n_H, n_W, n_C = dA.shape
    dA_prev = np.zeros(A_prev.shape)
    for i in range(m):
        a_prev = A_prev[i]
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert_start = h * stride
                    vert_end = vert_start + f
                    horiz_start = w * stride
                    horiz_end = horiz_start + f
                    if mode == "max":
                        a_prev_slice = a_prev[vert_start:vert_end, horiz_start:horiz_end, c]
                        mask = create_mask_from_window(a_prev_slice)
                        dA_prev[i, vert_start:vert_end, horiz_start:horiz_end, c] += mask * dA[i, h, w, c]
                    elif mode == "average":
                        da = dA[i, h, w, c]
                        shape = (f, f)
                        dA_prev[i, vert_start:vert_end, horiz_start:horiz_end, c] += distribute_value(da, shape)
    return dA_prev
"""

_files = iter(range(1_000_000))


def made(source, name):
    """The function of that name that the source defines, whose lines can be looked up as those of a notebook's cell."""
    file = f"<cell {next(_files)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    names = {"np": np}
    exec(compile(source, file, "exec"), names)
    return names[name]


def changed(source, *changes):
    """The source with some of its text replaced, which must be there."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source
