// npy_fixture.h: .npy files made byte by byte, however wrong.
#pragma once

#include <gtest/gtest.h>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "tests/support/array_bytes.h"
#include "tests/support/temporary_directory.h"

namespace convstep::test {

// A .npy file with this text as its header, however wrong.
inline std::string npy(const std::string& header, const std::string& data, char major = 1) {
  std::string bytes("\x93NUMPY", 6);
  bytes += {major, '\0'};
  const int length_size = major == 1 ? 2 : 4;
  for (int i = 0; i < length_size; ++i) bytes += static_cast<char>(header.size() >> 8 * i & 0xff);
  return bytes + header + data;
}

inline std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

class NpyTest : public testing::Test {
 protected:
  Array load(const std::string& bytes) { return load_array(write_file(path_, bytes)); }

  // What load_array says about a file with these bytes.
  std::string error(const std::string& bytes) {
    write_file(path_, bytes);
    return message_of<FormatError>(path_, [&] { load_array(path_); });
  }
  std::string header_error(const std::string& header, char major = 1) { return error(npy(header, "", major)); }
  std::string descr_error(const std::string& descr) { return header_error(dict(descr, "False", "(0,)")); }
  std::string shape_error(const std::string& shape, char major = 1) {
    return header_error(dict("'<f4'", "False", shape), major);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.file("array.npy");
};

}  // namespace convstep::test
