"""Write a bank of six classical filters as the weights of a convolution layer: filters.py OUT.npy

The array has shape (5, 5, 3, 6): height and width of the window, the channels red, green and blue, and one filter for each
of NAMES. Every filter looks at the brightness of a pixel, so it weighs red, green and blue as the eye does.
"""

import sys

import numpy as np

NAMES = ["blur", "sharpen", "vertical edges", "horizontal edges", "outlines", "emboss"]
BRIGHTNESS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def centred(kernel: list[list[float]]) -> np.ndarray:
    """A 3 x 3 kernel in the middle of 5 x 5 zeros."""
    return np.pad(np.array(kernel, dtype=float), 1)


def filter_bank() -> np.ndarray:
    row = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16  # binomial: a good small Gaussian
    blur = np.outer(row, row)
    identity = centred([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    sobel = centred([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    laplace = centred([[1, 1, 1], [1, -8, 1], [1, 1, 1]])
    emboss = centred([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])
    kernels = np.stack([blur, 3 * identity - 2 * blur, sobel, sobel.T, -laplace, emboss], axis=-1)
    weights: np.ndarray = kernels[:, :, np.newaxis, :] * BRIGHTNESS[:, np.newaxis]
    return weights


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    np.save(sys.argv[1], filter_bank().astype(np.float32))
