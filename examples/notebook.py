# %% [markdown]
# # The notebook's layers, run by convstep
#
# The cells of *Convolutional Neural Networks: Step by Step*, with the library instead of loops. Open this file as a
# notebook (VS Code, Spyder and PyCharm know the marks; `jupytext --to ipynb notebook.py` converts it), or run it:
#
#     python notebook.py [DIRECTORY]
#
# With a directory, every picture is also saved there. It needs `convstep[draw]`, and scikit-image for the photograph.

# %%
import pathlib
import sys

import numpy as np
from filters import NAMES, filter_bank
from matplotlib.figure import Figure
from skimage import data

import convstep
from convstep import conv_forward, conv_single_step, draw, pool_forward, zero_pad

# A notebook's kernel is started with options of its own.
DIRECTORY = pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 and not sys.argv[1].startswith("-") else None


def show(figure: Figure, name: str) -> None:
    """Show the picture in a notebook; save it if a directory was given."""
    if "get_ipython" in globals():
        from IPython.display import display

        display(figure)  # type: ignore[no-untyped-call]
    if DIRECTORY:
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        figure.savefig(DIRECTORY / f"{name}.png")


# %% [markdown]
# ## Zero padding
#
# A frame of zeros around each image. Windows may then be centred on the image's own border, and the output need not
# be smaller than the input. Height and width grow by twice the padding; images and channels keep their number.

# %%
np.random.seed(1)
x = np.random.randn(4, 3, 3, 2)
x_pad = zero_pad(x, 2)
print("x.shape =", x.shape)
print("x_pad.shape =", x_pad.shape)
print("x[1,1] =\n", x[1, 1])
print("x_pad[1,1] =\n", x_pad[1, 1])
show(draw.pairs(x, x_pad, titles=("x", "x_pad"), limit=1), "zero_pad")

# %% [markdown]
# ## A single step
#
# One window of the input and one filter of the same shape leave one number: the sum of the products, element by
# element, and then, once, the bias.

# %%
np.random.seed(1)
a_slice_prev = np.random.randn(4, 4, 3)
W = np.random.randn(4, 4, 3)
b = np.random.randn(1, 1, 1)
Z_step = conv_single_step(a_slice_prev, W, b)
print("Z =", Z_step)

# %% [markdown]
# ## The forward pass
#
# The single step at every place that the window reaches, for every filter. It begins in the upper left corner of the
# padded image and moves by the stride. Each filter fills a channel of the output, whose height is `floor((n_H_prev -
# f + 2 pad) / stride) + 1`, and its width alike. The picture shows what one element of the output is computed from.

# %%
np.random.seed(1)
A_prev = np.random.randn(10, 5, 7, 4)
W = np.random.randn(3, 3, 4, 8)
b = np.random.randn(1, 1, 1, 8)
hparameters = {"pad": 1, "stride": 2}

Z, cache_conv = conv_forward(A_prev, W, b, hparameters)
print("Z's mean =\n", np.mean(Z))
print("Z[3,2,1] =\n", Z[3, 2, 1])
print("cache_conv[0][1][2][3] =\n", cache_conv[0][1][2][3])
show(draw.filters(W), "filters")
show(draw.volume(Z, image=3), "conv_forward")
show(draw.window(A_prev, image=3, kernel_size=3, stride=2, padding=1, position=(2, 1)), "window")

# %% [markdown]
# ## Pooling
#
# A window slides over each channel by itself and keeps its largest number, or the mean of its numbers. There is
# nothing to learn in it, neither weights nor a bias. First with a stride of 1, where windows overlap:

# %%
np.random.seed(1)
A_prev = np.random.randn(2, 5, 5, 3)
hparameters = {"stride": 1, "f": 3}

A, cache = pool_forward(A_prev, hparameters)
print("mode = max")
print("A.shape =", A.shape)
print("A =\n", A)
print()
A, cache = pool_forward(A_prev, hparameters, mode="average")
print("mode = average")
print("A.shape =", A.shape)
print("A =\n", A)

# %% [markdown]
# Then with a stride of 2: every second row and column of the result before.

# %%
np.random.seed(1)
A_prev = np.random.randn(2, 5, 5, 3)
hparameters = {"stride": 2, "f": 3}

A, cache = pool_forward(A_prev, hparameters)
print("mode = max")
print("A.shape =", A.shape)
print("A =\n", A)
print()
show(draw.pairs(A_prev, A, titles=("A_prev", "max")), "max_pool")
A, cache = pool_forward(A_prev, hparameters, mode="average")
print("mode = average")
print("A.shape =", A.shape)
print("A =\n", A)
show(draw.pairs(A_prev, A, titles=("A_prev", "average")), "average_pool")

# %% [markdown]
# ## The same layer, as other libraries spell it
#
# `conv2d` takes keywords in place of the dictionary, leaves no cache, and applies the activation that the notebook
# only mentions: A = relu(Z).

# %%
np.random.seed(1)
A_prev = np.random.randn(10, 5, 7, 4)
relu = convstep.conv2d(A_prev, W, b.reshape(8), stride=2, padding=1, activation="relu")
print("conv2d is relu(Z):", np.allclose(relu, np.maximum(Z, 0)))

# %% [markdown]
# ## A photograph through a layer
#
# Six classical filters, ReLU, and max pooling of 4 x 4. What a filter looks for lights up; pooling keeps it and
# forgets exactly where it was.

# %%
# NASA's portrait of Eileen Collins, in the public domain.
photo = data.astronaut() / 255  # type: ignore[no-untyped-call]
layer = convstep.Conv2d(filter_bank(), padding="same", activation="relu")
features = layer(photo[np.newaxis])
pooled = convstep.max_pool2d(features, kernel_size=4)
print("photo", photo.shape, "-> features", features.shape, "-> pooled", pooled.shape)
show(draw.volume(features, titles=NAMES), "photo_features")
show(draw.volume(pooled, titles=NAMES), "photo_pooled")
