"""The gradients as plain NumPy loops over the outputs, in the order of the notebook. Arrays have their channels last."""

import numpy as np


def conv_backward(
    grad: np.ndarray, x: np.ndarray, w: np.ndarray, stride: tuple[int, int] = (1, 1),
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)), dilation: tuple[int, int] = (1, 1), groups: int = 1,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The gradients of input, weights and bias."""
    N, OH, OW, O = grad.shape
    KH, KW, per_group, _ = w.shape
    padded = np.pad(x, ((0, 0), *padding, (0, 0)))
    dx, dw, db = np.zeros_like(padded), np.zeros_like(w), np.zeros(O, w.dtype)
    for n in range(N):
        for y in range(OH):
            for z in range(OW):
                rows = slice(y * stride[0], y * stride[0] + (KH - 1) * dilation[0] + 1, dilation[0])
                columns = slice(z * stride[1], z * stride[1] + (KW - 1) * dilation[1] + 1, dilation[1])
                for o in range(O):
                    first = o // (O // groups) * per_group
                    channels = slice(first, first + per_group)
                    dx[n, rows, columns, channels] += w[..., o] * grad[n, y, z, o]
                    dw[..., o] += padded[n, rows, columns, channels] * grad[n, y, z, o]
                    db[o] += grad[n, y, z, o]
    (top, _), (left, _) = padding
    return dx[:, top:top + x.shape[1], left:left + x.shape[2]], dw, db


def pool_backward(
    grad: np.ndarray, x: np.ndarray, window: tuple[int, int], stride: tuple[int, int], mode: str,
    padding: tuple[int, int] = (0, 0), ties: str = "first", p: float = 2.0,
) -> np.ndarray:
    """`mode` is "max", "average" (of what lies in the image) or "lp"; `padding` is that of the rows and of the columns."""
    dx = np.zeros_like(x)
    for n, y, z, c in np.ndindex(grad.shape):
        top, left = y * stride[0] - padding[0], z * stride[1] - padding[1]
        part = n, slice(max(top, 0), top + window[0]), slice(max(left, 0), left + window[1]), c
        g, values = grad[n, y, z, c], x[part]
        if mode == "average":
            dx[part] += g / values.size
        elif mode == "lp":
            norm = (np.abs(values) ** p).sum() ** (1 / p)
            dx[part] += g * np.sign(values) * (np.abs(values) / norm) ** (p - 1) if norm else 0
        elif ties == "all":
            dx[part] += (values == values.max()) * g
        else:
            first = np.zeros(values.size)
            first[np.argmax(values)] = 1
            dx[part] += first.reshape(values.shape) * g
    return dx
