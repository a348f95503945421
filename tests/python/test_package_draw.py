"""convstep.draw: what its pictures hold, checked on matplotlib's own objects and on rendered pixels."""

import doctest
import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from convstep import conv2d, draw, zero_pad

RANDOM = np.random.default_rng(1)


def shown(figure, index):
    """The array that an axes shows."""
    (picture,) = figure.axes[index].images
    return picture.get_array().filled(np.nan)


def pictures_of(figure):
    """Its axes but the colour bar, which comes last."""
    *pictures, bar = figure.axes
    assert bar.get_label() == "<colorbar>"
    return pictures


def titles_of(figure):
    return [axes.get_title() for axes in pictures_of(figure)]


def rectangles(axes, gid):
    """(row, column, height, width) of the elements that the rectangles of a kind enclose."""
    kind = [patch for patch in axes.patches if isinstance(patch, Rectangle) and patch.get_gid() == gid]
    boxes = [(*reversed(patch.get_xy()), patch.get_height(), patch.get_width()) for patch in kind]
    return [(int(y + 0.5), int(x + 0.5), h, w) for y, x, h, w in boxes]


def pixels(figure):
    """The figure as matplotlib's Agg renders it: (H, W, 4), bytes."""
    with io.BytesIO() as file:
        figure.savefig(file, format="rgba", dpi=50)
        width, height = (int(inches * 50) for inches in figure.get_size_inches())
        return np.frombuffer(file.getvalue(), np.uint8).reshape(height, width, 4)


def test_docstring_examples():
    assert doctest.testmod(draw).attempted > 5
    assert doctest.testmod(draw).failed == 0


def test_neither_the_package_nor_the_pictures_need_pyplot(tmp_path):
    code = """if True:
        import sys, convstep
        assert "matplotlib" not in sys.modules
        from convstep import draw
        draw.window([[1, 2], [3, 4]], kernel_size=1).savefig(sys.argv[1])
        assert "matplotlib.pyplot" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "window.png")], check=True)


def test_notebooks_show_what_a_cell_ends_with():
    for figure in (draw.volume([[1.0]]), draw.filters([[[[1.0]]]]), draw.window([[1.0]], kernel_size=1)):
        with io.BytesIO(figure._repr_png_()) as file:
            assert Image.open(file).size == tuple(round(100 * inches) for inches in figure.get_size_inches())


def test_without_matplotlib_the_error_says_what_to_install():
    code = """if True:
        import sys
        sys.modules["matplotlib"] = None
        import convstep
        try:
            import convstep.draw
        except ImportError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "convstep.draw needs matplotlib: pip install 'convstep[draw]'\n"


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3), (2, 4, 5, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.bool_])
def test_volume_shows_every_channel(shape, dtype):
    array = (RANDOM.random(shape) * 9).astype(dtype)
    figure = draw.volume(array)
    assert isinstance(figure, Figure)
    channels = array[..., np.newaxis] if array.ndim == 2 else array
    image = channels[0] if channels.ndim == 4 else channels
    assert titles_of(figure) == [f"channel {c}" for c in range(image.shape[-1])]
    for c in range(image.shape[-1]):
        np.testing.assert_array_equal(shown(figure, c), image[..., c])


def test_volume_takes_image_titles_and_colours():
    array = RANDOM.random((2, 4, 5, 3))
    figure = draw.volume(array, image=1, titles=("red", "green", "blue"), cmap="viridis")
    assert titles_of(figure) == ["red", "green", "blue"]
    np.testing.assert_array_equal(shown(figure, 2), array[1, :, :, 2])
    (picture,) = figure.axes[0].images
    assert picture.get_cmap().name == "viridis"
    assert picture.get_interpolation() == "nearest"


def test_volume_keeps_to_its_limit_and_says_so():
    figure = draw.volume(RANDOM.random((4, 5, 7)), limit=3)
    assert titles_of(figure) == ["channel 0", "channel 1", "channel 2"]
    assert figure.get_suptitle() == "3 of 7 channels"
    assert len(pictures_of(draw.volume(RANDOM.random((2, 2, 70))))) == 64
    assert draw.volume(RANDOM.random((4, 5, 7)), limit=7).get_suptitle() == ""


def test_range_leaves_out_what_is_not_finite():
    figure = draw.volume([[np.nan, np.inf], [-np.inf, 2.0], [3.0, 5.0]])
    (picture,) = figure.axes[0].images
    assert picture.get_clim() == (2.0, 5.0)
    assert tuple(picture.cmap.get_bad()) == (1, 0, 1, 1)
    assert draw.volume([[np.nan]]).axes[0].images[0].get_clim() == (0.0, 1.0)


def test_volume_has_one_range_and_shows_it():
    array = RANDOM.random((4, 5, 3))
    figure = draw.volume(array, limit=2)
    limits = (array[:, :, :2].min(), array[:, :, :2].max())
    assert [axes.images[0].get_clim() for axes in pictures_of(figure)] == [limits, limits]
    assert figure.axes[-1].get_ylim() == limits


@pytest.mark.parametrize(("outlier", "extend"), [(-9999.0, "min"), (1e300, "max"), (1.1, "neither"), (np.inf, "neither")])
def test_outliers_do_not_flatten_a_picture(outlier, extend):
    array = RANDOM.random((8, 9, 3))
    array[2, 3, 1] = outlier
    figure = draw.volume(array)
    low, high = figure.axes[0].images[0].get_clim()
    assert -0.001 < low < 0.1 and 0.9 < high < 1.2
    assert figure.axes[0].images[0].colorbar.extend == extend
    np.testing.assert_array_equal(shown(figure, 1), np.where(np.isinf(array), high, array)[:, :, 1])


def test_few_values_and_sparse_ones_have_no_outliers():
    sharpen = np.array([[0, -1, 0], [-1, 50, -1], [0, -1, 0]])
    assert draw.volume(sharpen).axes[0].images[0].get_clim() == (-1, 50)
    sparse = np.zeros((100, 100))
    sparse[5, 7] = 3
    assert draw.volume(sparse).axes[0].images[0].get_clim() == (0, 3)


def test_rendered_cells_have_the_colours_of_their_values():
    cells = np.array([[0.0, 1.0, np.inf], [np.nan, 0.5, -np.inf]])
    figure = draw.volume(cells)
    picture = pixels(figure)
    height, width = picture.shape[:2]
    box = figure.axes[0].get_position()

    def colour(y, x):
        row, column = 1 - box.y1 + box.height * (y + 0.5) / 2, box.x0 + box.width * (x + 0.5) / 3
        return tuple(picture[int(height * row), int(width * column), :3])

    at = {(y, x): colour(y, x) for y, x in np.ndindex(2, 3)}
    grey = tuple(round(255 * value) for value in colormaps["gray"](0.5)[:3])
    black, white, magenta = (0, 0, 0), (255, 255, 255), (255, 0, 255)
    assert at == {(0, 0): black, (0, 1): white, (0, 2): white, (1, 0): magenta, (1, 1): grey, (1, 2): black}


def test_filters_are_rows_of_channels_and_columns_of_filters():
    weights = RANDOM.normal(size=(3, 5, 2, 4))
    figure = draw.filters(weights)
    assert len(pictures_of(figure)) == 2 * 4
    bound = np.abs(weights).max()
    for c in range(2):
        for o in range(4):
            np.testing.assert_array_equal(shown(figure, 4 * c + o), weights[:, :, c, o])
            assert figure.axes[4 * c + o].images[0].get_clim() == (-bound, bound)
    assert titles_of(figure)[:4] == ["filter 0", "filter 1", "filter 2", "filter 3"]
    assert [figure.axes[4 * c].get_ylabel() for c in range(2)] == ["channel 0", "channel 1"]


@pytest.mark.parametrize(("limit", "channels", "filters"), [(64, 2, 4), (7, 1, 4), (3, 1, 3), (8, 2, 4)])
def test_filters_limit_counts_pictures(limit, channels, filters):
    figure = draw.filters(RANDOM.normal(size=(3, 3, 2, 4)), limit=limit)
    assert len(pictures_of(figure)) == channels * filters
    assert figure.get_suptitle() == ("" if channels * filters == 8 else f"{channels * filters} of 8 pictures")


def test_filters_of_zeros_have_a_range():
    assert draw.filters(np.zeros((1, 1, 1, 1))).axes[0].images[0].get_clim() == (-1.0, 1.0)


def test_pairs_share_a_range():
    x = RANDOM.normal(size=(4, 3, 3, 2)) + 5  # all positive: the padding is the darkest there is
    x_pad = zero_pad(x, 2)
    figure = draw.pairs(x, x_pad, image=1, titles=("x", "x_pad"))
    assert titles_of(figure) == ["x, channel 0", "x_pad, channel 0", "x, channel 1", "x_pad, channel 1"]
    for c in range(2):
        np.testing.assert_array_equal(shown(figure, 2 * c), x[1, :, :, c])
        np.testing.assert_array_equal(shown(figure, 2 * c + 1), x_pad[1, :, :, c])
        for axes in figure.axes[2 * c : 2 * c + 2]:
            assert axes.images[0].get_clim() == (0.0, x[1].max())


def test_pairs_limit():
    figure = draw.pairs(np.ones((2, 2, 9)), np.ones((1, 1, 9)))
    assert len(pictures_of(figure)) == 16
    assert figure.get_suptitle() == "8 of 9 channels"


WINDOWS = [
    {"kernel_size": 3},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": (2, 3), "stride": (1, 2), "padding": (0, 2), "dilation": (2, 1)},
    {"kernel_size": (3, 1), "padding": ((0, 2), (3, 1)), "dilation": 2},
    {"kernel_size": 4, "stride": 2, "padding": "same"},
    {"kernel_size": (4, 3), "stride": (3, 2), "padding": "same_lower", "dilation": 2},
    {"kernel_size": 2, "padding": "valid", "stride": 3},
]


@pytest.mark.parametrize("options", WINDOWS, ids=str)
def test_window_frames_what_the_layer_reads(options):
    """The elements inside the frame, with weights of their own, sum to what conv2d computes there."""
    x = RANDOM.integers(-9, 10, size=(2, 6, 8, 3)).astype(float)
    kernel_size = options["kernel_size"]
    kernel_height, kernel_width = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
    weights = RANDOM.integers(-9, 10, size=(kernel_height, kernel_width, 1, 1)).astype(float)
    conv_options = {name: value for name, value in options.items() if name != "kernel_size"}
    output = conv2d(x[1:2, :, :, 2:3], weights, **conv_options)[0, :, :, 0]
    dilation = options.get("dilation", (1, 1))
    row_step, column_step = dilation if isinstance(dilation, tuple) else (dilation, dilation)
    rows, columns = output.shape
    for y, x_out in {(0, 0), (rows // 2, columns // 2), (rows - 1, 0), (rows - 1, columns - 1)}:
        figure = draw.window(x, **options, position=(y, x_out), channel=2, image=1)
        left, right = figure.axes
        ((row, column, height, width),) = rectangles(left, "window")
        taps = shown(figure, 0)[row : row + height : row_step, column : column + width : column_step]
        assert np.sum(taps * weights[:, :, 0, 0]) == output[y, x_out]
        assert right.get_title() == f"output {output.shape}"
        assert rectangles(right, "position") == [(y, x_out, 1, 1)]


def test_window_marks_padding_and_taps():
    figure = draw.window(np.ones((3, 4)), kernel_size=2, dilation=(2, 3), padding=((1, 0), (2, 1)), position=(1, 2))
    left = figure.axes[0]
    assert sorted(rectangles(left, "padding")) == [(0, 0, 1, 7), (1, 0, 3, 2), (1, 6, 3, 1)]
    assert sorted(rectangles(left, "tap")) == [(1, 2, 1, 1), (1, 5, 1, 1), (3, 2, 1, 1), (3, 5, 1, 1)]
    assert left.get_xlabel() == "the window: padded[1:4:2, 2:6:3]"
    assert left.get_title() == "padded input (4, 7), channel 0"


def test_window_writes_numbers_where_they_fit():
    x = np.array([[1.0, -0.25], [1234.5, 0.0]])
    texts = draw.window(x, kernel_size=1, padding=((0, 1), (0, 0))).axes[0].texts
    assert {text.get_position(): text.get_text() for text in texts} == {
        (0, 0): "1",
        (1, 0): "-0.25",
        (0, 1): "1.23e+03",
        (1, 1): "0",
        (0, 2): "0",
        (1, 2): "0",
    }
    assert len(draw.window(np.ones((12, 12)), kernel_size=1).axes[0].texts) == 144
    assert len(draw.window(np.ones((12, 13)), kernel_size=1).axes[0].texts) == 0


def test_numbers_stand_out_from_their_cells():
    def colours(x):
        return [text.get_color() for text in draw.window(x, kernel_size=1).axes[0].texts]

    assert colours([[7.0, 8.0, 9.0, 10.0]]) == ["white", "white", "black", "black"]
    assert colours([[3.0, 3.0]]) == ["white", "white"]  # where all are equal, cells are black


ERRORS = [
    (lambda: draw.volume(np.ones(3)), ValueError, r"array: got shape \(3,\), expected \(H, W\), "),
    (lambda: draw.volume(np.ones((0, 2, 2, 1))), ValueError, r"array: got shape \(0, 2, 2, 1\), expected no axis"),
    (lambda: draw.volume([[1j]]), TypeError, "array: got an array of complex128"),
    (lambda: draw.volume([["a"]]), TypeError, "array: got an array of <U1"),
    (lambda: draw.volume(np.ma.ones((2, 2))), TypeError, "array: got a masked array"),
    (lambda: draw.volume([[1, 2], [3]]), TypeError, "array: got a list that is no array"),
    (lambda: draw.volume(np.ones((2, 2, 2, 2)), image=2), ValueError, "image: got 2, expected 0 to 1"),
    (lambda: draw.volume(np.ones((2, 2)), image=-1), ValueError, "image: got -1"),
    (lambda: draw.volume(np.ones((2, 2)), image=True), TypeError, "image: got True, expected an integer"),
    (lambda: draw.volume(np.ones((2, 2)), image=np.ones((2, 2), int)), TypeError, "image: got .*, expected an integer"),
    (lambda: draw.volume(np.ones((2, 2)), image=np.ones((9, 9))), TypeError, r"image: got an array of shape \(9, 9\), "),
    (lambda: draw.volume(np.ones((2, 2)), limit=0), ValueError, "limit: got 0, expected 1 or more"),
    (lambda: draw.volume(np.ones((2, 2)), limit=2.5), TypeError, "limit: got 2.5"),
    (lambda: draw.volume(np.ones((2, 2, 2)), titles=["a"]), ValueError, "titles: got 1, expected 2, one for each"),
    (lambda: draw.volume(np.ones((2, 2, 2)), titles="ab"), TypeError, "titles: got 'ab', expected a sequence"),
    (lambda: draw.volume(np.ones((2, 2)), cmap="grays"), ValueError, "'grays' is not a valid"),
    (lambda: draw.filters(np.ones((3, 3, 2))), ValueError, r"weights: got shape \(3, 3, 2\), expected \(KH, KW, C"),
    (lambda: draw.filters(np.ones((3, 3, 0, 2))), ValueError, "weights: got shape"),
    (lambda: draw.filters(np.ones((3, 3, 1, 2)), limit=0), ValueError, "limit: got 0"),
    (lambda: draw.pairs(np.ones((2, 2, 2)), np.ones((2, 2, 3))), ValueError, "after: got 3 channels, expected 2"),
    (lambda: draw.pairs(np.ones((2, 2)), np.ones((2, 2)), titles=["a"]), ValueError, "titles: got 1, expected 2"),
    (lambda: draw.pairs(np.ones((2, 2)), "after"), TypeError, "after: got 'after', expected an array of numbers"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=3), ValueError, r"kernel_size: got \(3, 3\), expected a window"),
    (lambda: draw.window(np.ones((3, 3)), kernel_size=2, dilation=3), ValueError, r"it reaches over \(4, 4\), the"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=0), ValueError, "kernel_size: got 0, expected 1 or more"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=(1, 2, 3)), TypeError, r"kernel_size: got \(1, 2, 3\)"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, stride="2"), TypeError, "stride: got '2'"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, padding=-1), ValueError, "padding: got -1, expected 0 or mo"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, padding="full"), ValueError, 'padding: got "full"'),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, padding=(1, 2, 3)), TypeError, "padding: got"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, dilation=0), ValueError, "dilation: got 0"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, position=(0, 2)), ValueError, r"position: got \(0, 2\), exp"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, position=1), TypeError, "position: got 1, expected"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, position=(-1, 0)), ValueError, "position: got -1"),
    (lambda: draw.window(np.ones((2, 2)), kernel_size=1, channel=1), ValueError, "channel: got 1, expected 0 to 0"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_sizes_may_be_arrays():
    titles = [axes.get_title() for axes in draw.window(np.ones((8, 9)), kernel_size=np.array([2, 3])).axes]
    assert titles == [axes.get_title() for axes in draw.window(np.ones((8, 9)), kernel_size=(2, 3)).axes]


def test_the_arrays_stay_as_they_were():
    x = RANDOM.normal(size=(4, 5, 2))
    x.flags.writeable = False
    for figure in (draw.volume(x), draw.pairs(x, x), draw.window(x, kernel_size=2, padding=1)):
        assert pixels(figure).std() > 0
