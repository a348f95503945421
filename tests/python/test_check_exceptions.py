"""Exceptions of a learner's code: what they mean, on which line they are."""

import pytest

import check_sources as right
from check_sources import changed, made
from convstep import check

# (function, source, changes, the learner's line, words of the message)
EXCEPTIONS = [
    ("conv_single_step", right.STEP, [("float(b[0, 0, 0])", "float(b)")], "Z = Z + float(b)", "turns only arrays without axes into numbers"),
    ("conv_single_step", right.STEP, [("np.multiply(a_slice_prev, W)", "np.dot(a_slice_prev, W)")],
     "s = np.dot(a_slice_prev, W)", "each element is multiplied with its partner"),
    ("conv_single_step", right.STEP, [("np.multiply(a_slice_prev, W)", "a_slice_prev @ W")], "s = a_slice_prev @ W", "multiplies matrices"),
    ("conv_forward", right.CONV, [("    Z = np.sum(s)\n", "    Z = s\n")],
     None, "conv_forward itself is right; conv_single_step, which it calls, is not. Z has 3 axes, where a single number"),
    ("conv_forward", right.CONV, [("conv_single_step(a_slice_prev, weights, biases)", "a_slice_prev * weights")],
     "Z[i, h, w, c] = a_slice_prev * weights", "One element of an array gets a whole array"),
    ("conv_forward", right.CONV, [("np.zeros((m, n_H, n_W, n_C))", "np.zeros((n_H, n_W, n_C))")],
     "Z[i, h, w, c] = conv_single_step(a_slice_prev, weights, biases)", "An array of 3 axes gets 4 indices"),
    ("conv_forward", right.CONV, [("a_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :]", "a_prev_pad[vert_start:vert_end, :, :]")],
     "s = np.multiply(a_slice_prev, W)", "The window is (3, 6, 3), and the filter (3, 3, 3): the slice is not cut in its columns"),
    ("conv_forward", right.CONV, [("a_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :]", "a_prev_pad[:, horiz_start:horiz_end, :]")],
     "s = np.multiply(a_slice_prev, W)", "not cut in its rows"),
    ("conv_forward", right.CONV, [("A_prev_pad = zero_pad(A_prev, pad)", "A_prev_pad = A_prev")],
     None, "The windows slide over the image without its padding"),
    ("conv_forward", right.CONV, [("range(n_W)", "range(n_W + 1)")], "s = np.multiply(a_slice_prev, W)",
     "the slice runs over the border of the padded image"),
    ("conv_forward", right.CONV, [('hparameters["pad"]', 'hparameters["padding"]')], 'pad = hparameters["padding"]',
     "hparameters has no 'padding': it has \"stride\" and \"pad\""),
    ("conv_forward", right.CONV, [("(f, f, n_C_prev, n_C) = W.shape", 'f, n_C = hparameters["f"], W.shape[3]')],
     'f, n_C = hparameters["f"], W.shape[3]', "The window's size is that of W"),
    ("pool_forward", right.POOL, [('stride = hparameters["stride"]', 'stride = hparameters["stride"]; pad = hparameters["pad"]')],
     'stride = hparameters["stride"]; pad = hparameters["pad"]', "A pooling of the notebook has no padding"),
    ("conv_forward", right.CONV, [("= W.shape", "= W.shape[1:]")], "(f, f, n_C_prev, n_C) = W.shape[1:]", "number of names on the left"),
    ("conv_forward", right.CONV, [("n_H = int((n_H_prev - f + 2 * pad) / stride) + 1", "n_H = (n_H_prev - f + 2 * pad) / stride + 1")],
     "Z = np.zeros((m, n_H, n_W, n_C))", "A number with a fraction stands where a whole one is needed"),
    ("conv_forward", right.CONV, [("np.zeros((m, n_H, n_W, n_C))", "np.zeros(m, n_H, n_W, n_C)")], "Z = np.zeros(m, n_H, n_W, n_C)", "takes"),
    ("conv_forward", right.CONV, [("np.zeros((m, n_H, n_W, n_C))", "np.zeros(m, n_H)")], "Z = np.zeros(m, n_H)", "np.zeros takes one shape"),
    ("conv_forward", right.CONV, [("    return X_pad\n", "")], None, "zero_pad, which it calls, is not. The function returns nothing"),
    ("conv_forward", right.CONV, [("A_prev_pad = zero_pad(A_prev, pad)", "A_prev_pad = print(A_prev)")], "a_prev_pad = A_prev_pad[i]", "Something on that line is None"),
    ("conv_forward", right.CONV, [("A_prev_pad = zero_pad(A_prev, pad)", "A_prev_pad = zero_padd(A_prev, pad)")],
     "A_prev_pad = zero_padd(A_prev, pad)", "The name zero_padd stands for nothing here"),
    ("conv_forward", right.CONV, [("weights = W[:, :, :, c]", "weight = W[:, :, :, c]")],
     "Z[i, h, w, c] = conv_single_step(a_slice_prev, weights, biases)", "did you mean weight?"),
    ("conv_forward", right.CONV, [("conv_single_step(a_slice_prev, weights, biases)", "conv_single_step(a_slice_prev, weights)")],
     "Z[i, h, w, c] = conv_single_step(a_slice_prev, weights)", "called with other arguments than it has"),
    ("conv_forward", right.CONV, [("def conv_forward(A_prev, W, b, hparameters)", "def conv_forward(A_prev, W, hparameters)")], None,
     "cannot be called as the notebook calls it"),
    ("conv_forward", right.CONV, [("A_prev.shape", "A_prev.shape()")], "(m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape()", "no function is called"),
    ("conv_forward", right.CONV, [("for i in range(m)", "for i in range(m + 1)")], "a_prev_pad = A_prev_pad[i]", "past the end of axis 0"),
    ("conv_forward", right.CONV, [("m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape", "m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape\n    k = A_prev.shape[4]")],
     "k = A_prev.shape[4]", "A shape, or another tuple, has fewer entries"),
    ("conv_forward", right.CONV, [("    cache =", "    assert Z.shape == (1,)\n    cache =")], "assert Z.shape == (1,)", "own assert does not hold"),
    ("conv_forward", right.CONV, [("/ stride) + 1\n    n_W", "/ 0) + 1\n    n_W")], "n_H = int((n_H_prev - f + 2 * pad) / 0) + 1", "A division by 0"),
    ("conv_forward", right.CONV, [("    Z = np.zeros((m, n_H", "    Z[0] = 1\n    Z = np.zeros((m, n_H")], "Z[0] = 1", "Z is used before it has a value"),
    ("conv_forward", "def conv_forward(A_prev, W, b, hparameters):\n    raise NotImplementedError", [], "raise NotImplementedError", "is not written yet"),
    ("conv_forward", "def conv_forward(A_prev, W, b, hparameters):\n    return conv_forward(A_prev, W, b, hparameters)", [],
     "return conv_forward(A_prev, W, b, hparameters)", "calls itself without end"),
    ("conv_forward", "import sys\ndef conv_forward(A_prev, W, b, hparameters):\n    sys.exit(0)", [], "sys.exit(0)", "ends the program"),
    ("conv_forward", "def conv_forward(A_prev, W, b, hparameters):\n    n = input()", [], "n = input()", "waits for somebody to type"),
    ("conv_forward", "import numpy as np\ndef conv_forward(A_prev, W, b, hparameters):\n    Z = np.ones((10**6, 10**6))", [],
     "Z = np.ones((10**6, 10**6))", "more memory than it should"),
    ("conv_backward", right.CONV_BACK, [("da_prev_pad[pad:pad + n_H_prev, pad:pad + n_W_prev, :]", "da_prev_pad[pad:-pad, pad:-pad, :]")],
     "dA_prev[i, :, :, :] = da_prev_pad[pad:-pad, pad:-pad, :]", "pad:-pad is 0:0, and so empty, where pad is 0"),
    ("conv_backward", right.CONV_BACK, [("dA_prev[i, :, :, :] = da_prev_pad[pad:pad + n_H_prev, pad:pad + n_W_prev, :]", "dA_prev[i, :, :, :] = da_prev_pad")],
     "dA_prev[i, :, :, :] = da_prev_pad", "is put into a place of shape"),
    ("create_mask_from_window", right.MASK, [("np.max(x)", "max(x)")], "mask = x == max(x)", "needs one truth value"),
    ("distribute_value", right.SHARE, [("(n_H, n_W) = shape", "n_H, n_W, n_C = shape")], "n_H, n_W, n_C = shape", "number of names on the left"),
    ("zero_pad", right.ZERO_PAD, [("(pad, pad), (pad, pad)", "(-pad, pad), (pad, pad)")], None, "A size is negative"),
]


@pytest.mark.parametrize("function, source, changes, line, words", EXCEPTIONS)
def test_an_exception_is_explained(function, source, changes, line, words):
    finding = getattr(check, function)(made(changed(source, *changes), function))
    assert not finding.right
    assert finding.kind == "exception" or line is None or finding.where, str(finding)
    assert words in finding.message, str(finding)
    assert finding.hint and finding.evidence and finding.reveal()
    if line is not None:
        assert finding.where is not None and finding.where.text == line, str(finding)
        assert finding.where.line == source_line(changed(source, *changes), line)


def source_line(source: str, text: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if line.strip() == text)


def test_shapes_and_wrong_names_are_said():
    finding = check.conv_forward(made(changed(right.CONV, ("a_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :]", "a_prev_pad[vert_start:vert_end, :, :]")), "conv_forward"))
    assert "a_slice_prev is (3, 6, 3)" in finding.evidence and "W is (3, 3, 3)" in finding.evidence


def test_code_without_source_is_explained_without_it():
    names = {"np": __import__("numpy")}
    exec("def zero_pad(X, pad):\n    return X[pad, 0, 0, 0, 0]", names)
    finding = check.zero_pad(names["zero_pad"])
    assert finding.kind == "exception" and finding.where.line == 2 and "line 2 of zero_pad" in str(finding)


@pytest.mark.parametrize("wrong, words", [
    ("    return np.ones((m, n_H, n_W, n_C)), 1, 2", "return 2 things: Z, cache"),
    ("    return cache, Z", "The cache and Z are returned in the wrong order"),
    ("    return Z", "return 2 things: Z, cache"),
    ("    pass", "returns nothing"),
    ("    return None, cache", "Z is no array"),
    ("    return Z.astype(object), cache", "holds objects"),
    ("    return Z.astype(np.float16), cache", "three digits"),
    ("    return Z + 0j, cache", "complex"),
    ("    return Z.tolist(), cache", "where an array is asked for"),
    ("    return Z, (W, A_prev, b, hparameters)", "its element 0 is W, not A_prev"),
    ("    return Z, (A_prev_pad, W, b, hparameters)", "with another shape"),
    ("    return Z, (A_prev, W, b)", "The cache should be (A_prev, W, b, hparameters)"),
    ("    return Z, None", "The cache should be"),
    ("    A_prev[:] = 0\n    return Z, cache", "changes A_prev, which belongs to its caller"),
    ("    hparameters['f'] = 3\n    return Z, cache", "changes hparameters"),
    ("    return np.where(Z > 0, Z, np.nan), cache", "Some of your numbers are NaN"),
    ("    return np.where(Z > 0, Z, np.inf), cache", "Some of your numbers are infinite"),
])
def test_what_is_returned_is_looked_at(wrong, words):
    finding = check.conv_forward(made(changed(right.CONV, ("    return Z, cache", wrong)), "conv_forward"))
    assert words in finding.message, str(finding)
    assert finding.hint and finding.reveal()


@pytest.mark.parametrize("changes, words", [
    ([("vert_start + f", "vert_start + f - 1")], "from vert_start to vert_end there are 2 elements, where f is 3"),
    ([("horiz_start + f", "horiz_start + stride")], "from horiz_start to horiz_end there are 2 elements, where f is 3"),
    ([("vert_start:vert_end", "vert_start:vert_start + 2")], "the slice has 2 rows where the image begins, far from its end"),
    ([("weights = W[:, :, :, c]", "weights = W[:, :, c, :]")], "they differ in depth"),
])
def test_why_a_window_is_no_filter(changes, words):
    finding = check.conv_forward(made(changed(right.CONV, *changes), "conv_forward"))
    assert words in finding.message, str(finding)


def test_why_a_window_is_no_filter_on_the_way_back():
    finding = check.conv_backward(made(changed(right.CONV_BACK, ("a_prev_pad = A_prev_pad[i]", "a_prev_pad = A_prev[i]")), "conv_backward"))
    assert finding.message.startswith("The window is (3, 2, 3), and the filter (3, 3, 3): the slice"), str(finding)
