"""Wrong versions of zero_pad, conv_single_step and pool_forward: as in check_mistakes_conv.py."""

PAD = [
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((pad, pad), (pad, pad), (pad, pad), (pad, pad))")], ["pad_every_axis"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "pad")], ["pad_every_axis"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((pad, pad), (pad, pad), (0, 0), (0, 0))")], ["pad_images_for_columns"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((0, 0), (0, 0), (pad, pad), (pad, pad))")], ["pad_channels_for_rows"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((0, 0), (pad, pad), (0, 0), (0, 0))")], ["pad_rows_alone"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((0, 0), (0, 0), (pad, pad), (0, 0))")], ["pad_columns_alone"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((0, 0), (0, pad), (0, pad), (0, 0))")], ["pad_end_once"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((0, 0), (pad, 0), (pad, 0), (0, 0))")], ["pad_beginning_once"]),
    ([("(pad, pad), (pad, pad)", "(2 * pad, 2 * pad), (2 * pad, 2 * pad)")], ["pad_twice"]),
    ([("constant_values=(0, 0)", "constant_values=(pad, pad)")], ["pad_for_zeros"]),
    ([("constant_values=(0, 0)", "constant_values=1")], ["ones_for_zeros"]),
    ([('mode="constant", constant_values=(0, 0)', 'mode="edge"')], ["edge_for_zeros"]),
    ([("return X_pad", "return X")], ["pad_nothing"]),
    ([("(pad, pad), (pad, pad)", "(pad, pad), (0, pad)")], ["pad_left_missing"]),
    ([("(pad, pad), (pad, pad)", "(pad, pad), (pad, 0)")], ["pad_right_missing"]),
    ([("(pad, pad), (pad, pad)", "(0, pad), (pad, pad)")], ["pad_top_missing"]),
    ([("(pad, pad), (pad, pad)", "(1, 1), (1, 1)")], ["pad_of_one"]),
    ([("((0, 0), (pad, pad), (pad, pad), (0, 0))", "((0, 0), (pad, pad), (0, 0), (0, 0))"), ("constant_values=(0, 0)", "constant_values=1")],
     ["pad_rows_alone", "ones_for_zeros"]),
]

PAD_SLICE = [
    ([("pad:pad + n_H, pad:pad + n_W", ":n_H, :n_W")], ["pad_at_end"]),
    ([("pad:pad + n_H, pad:pad + n_W", "2 * pad:, 2 * pad:")], ["pad_at_beginning"]),
    ([("np.zeros(", "np.ones(")], ["ones_for_zeros"]),
    ([("n_H + 2 * pad, n_W + 2 * pad", "n_H + pad, n_W + pad")], ["pad_beginning_once"]),
    ([("np.zeros((m, n_H + 2 * pad, n_W + 2 * pad, n_C))", "np.zeros((m, n_H + 2 * pad, n_W + 2 * pad, n_C), dtype=int)")], ["truncated"]),
]

STEP = [
    ([("    Z = Z + float(b[0, 0, 0])\n", "")], ["bias_left_out"]),
    ([("np.multiply(a_slice_prev, W)", "a_slice_prev * W + b"), ("    Z = Z + float(b[0, 0, 0])\n", "")], ["bias_in_sum"]),
    ([("float(b[0, 0, 0])", "b")], ["number_in_array"]),
    ([("np.sum(s)", "np.mean(s)")], ["mean_for_sum"]),
    ([("np.multiply(a_slice_prev, W)", "a_slice_prev + W")], ["sum_for_product"]),
    ([("np.multiply(a_slice_prev, W)", "a_slice_prev - W")], ["difference_for_product"]),
    ([("Z + float", "Z - float")], ["bias_subtracted"]),
    ([("np.multiply(a_slice_prev, W)", "a_slice_prev * W[::-1, ::-1]")], ["filter_turned"]),
    ([("np.multiply(a_slice_prev, W)", "W")], ["window_unused"]),
    ([("return Z", "return int(Z)")], ["truncated"]),
    ([("return Z", "return max(0, Z)")], ["relu_applied"]),
    ([("np.sum(s)", "np.mean(s)"), ("    Z = Z + float(b[0, 0, 0])\n", "")], ["bias_left_out", "mean_for_sum"]),
    ([("np.multiply(a_slice_prev, W)", "a_slice_prev * W[::-1, ::-1]"), ("Z + float", "Z - float")], ["filter_turned", "bias_subtracted"]),
]

STEP_LOOPS = [
    ([("total +=", "total =")], ["last_product_alone"]),
    ([("range(f)", "range(f)"), ("range(n_C_prev)", "range(1)")], ["first_channel_alone"]),
    ([("* W[i, j, k]", "* W[i, j, k] + b.item()"), ("total + b.item()", "total")], ["bias_in_sum"]),
    ([("W[i, j, k]", "W[j, i, k]")], ["filter_transposed"]),
    ([("    for i in range(f):\n", "    for i in range(f):\n        total += b.item()\n"), ("total + b.item()", "total")], ["bias_per_row"]),
]

POOL = [
    ([("h * stride", "h"), ("w * stride", "w")], ["stride_unused"]),
    ([("h * stride", "h")], ["stride_on_columns_alone"]),
    ([("w * stride", "w")], ["stride_on_rows_alone"]),
    ([('"average":\n                        A[i, h, w, c] = np.mean', '"average":\n                        A[i, h, w, c] = np.max')], ["max_for_average"]),
    ([("np.max(", "np.mean(")], ["average_for_max"]),
    ([('if mode == "max"', 'if mode != "max"'), ('elif mode == "average"', "else")], ["modes_exchanged"]),
    ([("np.max(", "np.min(")], ["min_for_max"]),
    ([("np.mean(", "np.sum(")], ["sum_for_average"]),
    ([("np.mean(a_prev_slice)", "np.sum(a_prev_slice) / f")], ["average_divided_by_f"]),
    ([("np.mean(", "np.median(")], ["median_for_average"]),
    ([("np.max(a_prev_slice)", "np.max(np.abs(a_prev_slice))")], ["max_of_absolutes"]),
    ([("np.max(a_prev_slice)", "max(0, np.max(a_prev_slice))")], ["max_from_zero"]),
    ([("horiz_start:horiz_end, c]", "horiz_start:horiz_end]")], ["all_channels_together"]),
    ([("horiz_start:horiz_end, c]", "horiz_start:horiz_end, 0]")], ["first_channel_for_all"]),
    ([("A[i, h, w, c] =", "A[i, h, w] =")], ["last_channel_for_all"]),
    ([("A_prev[i, vert", "A_prev[0, vert")], ["first_image_for_all"]),
    ([("    cache = (A_prev, hparameters)\n    return A, cache", "        return A, (A_prev, hparameters)")], ["first_image_alone"]),
    ([("1 + (n_H_prev - f) / stride", "(n_H_prev - f) / stride"), ("1 + (n_W_prev - f) / stride", "(n_W_prev - f) / stride")], ["no_plus_one"]),
    ([("int(1 + (n_W_prev", "int(1 + (n_H_prev")], ["width_from_height"]),
    ([("np.zeros((m, n_H, n_W, n_C))", "np.zeros((m, n_H, n_W, n_C), int)")], ["truncated"]),
    ([("range(n_W)", "range(n_W - 1)")], ["last_column_left_out"]),
    ([('"average"', '"avg"')], ["average_not_computed"]),
    ([("start + f", "start + stride")], ["window_as_large_as_stride"]),
    ([("start + f", "start + f + 1")], ["window_one_too_large"]),
    ([("horiz_start = w", "horiz_start = h")], ["columns_by_row_index"]),
    ([("start + f", "start + 1")], ["window_of_one_pixel"]),
    ([('stride = hparameters["stride"]', "stride = f")], ["window_size_is_stride"]),
    ([("np.mean(a_prev_slice)", "np.sum(a_prev_slice) / 4")], ["average_divided_by_four"]),
    ([("A_prev[i, vert", "A_prev[:, vert")], ["all_images_together"]),
    ([("h * stride", "h"), ("w * stride", "w"), ("np.mean(", "np.sum(")], ["stride_unused", "sum_for_average"]),
    ([("np.max(", "np.min("), ("A_prev[i, vert", "A_prev[0, vert")], ["min_for_max", "first_image_for_all"]),
    ([("int(1 + (n_H_prev - f) / stride)", "int(np.ceil((n_H_prev - f) / stride)) + 1"), ("int(1 + (n_W_prev - f) / stride)", "int(np.ceil((n_W_prev - f) / stride)) + 1")], ["ceil_for_floor"]),
]

POOL_BATCH = [
    ([("h * s:h * s + f, w * s:w * s + f", "h:h + f, w:w + f")], ["stride_unused"]),
    ([('np.max if mode == "max" else np.mean', "np.max")], ["max_for_average"]),
    ([('np.max if mode == "max" else np.mean', "np.mean")], ["average_for_max"]),
    ([("A[:, h, w] = reduce(A_prev[:,", "A[:, h, w] = reduce(A_prev[:1,")], ["first_image_for_all"]),
    ([("- f) // s + 1", "- f) // s")], ["no_plus_one"]),
    ([("h * s:h * s + f", "0:f")], ["rows_do_not_move"]),
    ([("return A,", "return A.transpose(0, 3, 1, 2),")], ["channels_first"]),
]

POOL_COMPARISON = [
    ([("best = A_prev[i, h * stride, w * stride, c]", "best = 0")], ["max_from_zero"]),
    ([("total / (f * f)", "total / f")], ["average_divided_by_f"]),
    ([("total / (f * f)", "total")], ["sum_for_average"]),
    ([("if a > best", "if a < best")], ["min_for_max"]),
    ([("if a > best", "if True")], ["max_is_last"]),
    ([("if a > best", "if False")], ["max_is_first"]),
    ([("h * stride", "h"), ("w * stride", "w"), ("total / (f * f)", "total / f")], ["stride_unused", "average_divided_by_f"]),
]
