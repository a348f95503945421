"""All wrong versions: (function, right source, [(old text, new text), ...], names of the mistakes)."""

import check_sources as right
from check_mistakes_backward import CONV_BACK, CONV_BACK_BATCH, MASK, POOL_BACK, SHARE
from check_mistakes_conv import CONV_BATCH, CONV_IM2COL, CONV_LOOPS, CONV_TAPS
from check_mistakes_small import PAD, PAD_SLICE, POOL, POOL_BATCH, POOL_COMPARISON, STEP, STEP_LOOPS

ALL = [
    (function, source, changes, names)
    for function, source, table in [
        ("conv_forward", right.CONV, CONV_LOOPS), ("conv_forward", right.CONV_OF_BATCH, CONV_BATCH),
        ("conv_forward", right.CONV_BY_IM2COL, CONV_IM2COL), ("conv_forward", right.CONV_BY_TAPS, CONV_TAPS),
        ("zero_pad", right.ZERO_PAD, PAD), ("zero_pad", right.ZERO_PAD_BY_SLICE, PAD_SLICE),
        ("conv_single_step", right.STEP, STEP), ("conv_single_step", right.STEP_BY_LOOPS, STEP_LOOPS),
        ("pool_forward", right.POOL, POOL), ("pool_forward", right.POOL_OF_BATCH, POOL_BATCH),
        ("pool_forward", right.POOL_BY_COMPARISON, POOL_COMPARISON),
        ("conv_backward", right.CONV_BACK, CONV_BACK), ("conv_backward", right.CONV_BACK_OF_BATCH, CONV_BACK_BATCH),
        ("pool_backward", right.POOL_BACK, POOL_BACK),
        ("create_mask_from_window", right.MASK, MASK), ("distribute_value", right.SHARE, SHARE),
    ]
    for changes, names in table
]
