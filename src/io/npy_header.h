// npy_header.h: the text at the start of a .npy file, a Python dictionary such as
//
//   {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "convstep/error.h"
#include "convstep/npy.h"

namespace convstep {

// The array is sound as far as one can see, but its elements are of a type that is not read.
class UnsupportedDtype : public FormatError {
 public:
  using FormatError::FormatError;
};

struct NpyHeader {
  int64_t element_size() const { return half ? 2 : dtype_size(dtype); }  // in the file
  const char* stored_name() const { return half ? "float16" : dtype_name(dtype); }

  Dtype dtype = Dtype::kFloat64;  // of the array
  bool half = false;              // the file has float16, of which the array, of float32, is a copy
  bool swapped = false;           // the elements are not in the byte order of this machine
  bool fortran_order = false;     // the first index runs through neighbouring elements
  std::vector<int64_t> shape;
};

inline constexpr std::string_view kNpyMark = "\x93NUMPY";  // the first bytes of a .npy file

inline constexpr int kMaxNpyRank = 64;  // NumPy's own limit

// Reads the dictionary. `major` is the file's version: 1 and 2 may hold Python 2's integers (3L). Throws FormatError
// with `path`; where the elements are of another type than npy.h lists, it is an UnsupportedDtype.
NpyHeader parse_npy_header(std::string_view text, int major, const std::string& path);

// Everything that comes before the elements in a file of version 1.0, byte for byte as np.save writes it.
std::string npy_preamble(Dtype dtype, const std::vector<int64_t>& shape);

}  // namespace convstep
