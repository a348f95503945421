// options.h: Python's numbers, pairs and words as the library's options.
//
// Each function throws TypeError for another type than expected and ValueError for a value that cannot be; messages
// name the argument, what was given and what was expected.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "convstep/conv.h"
#include "convstep/pool.h"
#include "python/arrays.h"

namespace convstep::python {

// An int, or what has __index__ (NumPy's integers); bools and floats are mistakes.
int64_t to_integer(const char* argument, nb::handle value);

// A float, or what has __float__.
double to_real(const char* argument, nb::handle value);

// An integer of 0 or more.
uint64_t to_seed(nb::handle value);

// True or False.
bool to_bool(const char* argument, nb::handle value);

// One number for both axes, or (height, width).
Size2 to_size(const char* argument, nb::handle value);

// One number for every side, (height, width), ((top, bottom), (left, right)), or "valid", "same" (which is
// "same_upper"), "same_upper", "same_lower".
Padding to_padding(nb::handle value);

// None, or the name of an activation.
Activation to_activation(nb::handle value);

// "max" or "average", the notebook's modes.
PoolMode to_pool_mode(nb::handle value);

// "NHWC" or "NCHW".
Layout to_layout(nb::handle value);

// hparameters[key] of the notebook, an integer of `least` or more. ValueError also where the key is missing.
int64_t to_hparameter(nb::handle hparameters, const char* key, int64_t least);

// Throws ValueError where the dictionary holds more than the two keys that were read, unless the rest changes nothing:
// "f" where it is that of W, or a "pad" of 0.
void check_keys(nb::handle hparameters, const char* first, const char* second, nb::handle W = nb::none());

// The most threads that the call may use; 0 for None, which leaves it to num_threads().
int to_threads(nb::handle value);

// "fast" or "numpy".
Numerics to_numerics(nb::handle value);

// "auto", "direct", "winograd" or "reference".
ConvAlgorithm to_algorithm(nb::handle value);

// (N, H, W, C) of an input, or of a tuple, list or array of its four lengths, in the order of `layout`.
Shape<4> to_shape(const char* argument, nb::handle value, Layout layout);

// (KH, KW, C/groups, O) of weights, alike.
Shape<4> to_weights_shape(const char* argument, nb::handle value, Layout layout);

// (n_H, n_W).
Shape<2> to_plane_shape(const char* argument, nb::handle value);

// "first" or "all".
PoolTies to_ties(nb::handle value);

// True or False. ValueError for True without an `out`, or with none in a tuple of them, as there is nothing to add to.
bool to_accumulate(nb::handle value, nb::handle out);

// The items of the cache that a forward function of the notebook returned, as many as `names` says: "A_prev, W, b,
// hparameters". TypeError for what is no tuple of so many.
nb::object to_cache(nb::handle value, size_t count, const char* names, const char* made_by);

// A string, in UTF-8.
std::string to_text(const char* argument, nb::handle value);

}  // namespace convstep::python
