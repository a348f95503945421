// axes.h: arrays with fewer axes than a command takes, as images and data sets often come.
//
// What has one reading alone is taken: (H, W) is one grey image, (KH, KW) one filter of one channel, (f, f) a window of
// one channel. (N, H, W) and (H, W, C) cannot be told apart: that is an error, which says what to write in Python. All
// functions throw ShapeError, which names the argument.
#pragma once

#include "cli/arrays.h"

namespace convstep::cli {

// (N, H, W, C).
Input as_images(Input input);

// (KH, KW, C/groups, O), for images of so many channels.
Input as_filters(Input input, int64_t channels);

// (f, f, C); other numbers of axes are left to the operation's own check.
Input as_window(Input input);

}  // namespace convstep::cli
