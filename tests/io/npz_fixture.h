// npz_fixture.h: archives that are written to a file and read from it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "io/npy_header.h"
#include "tests/io/zip_builder.h"
#include "tests/support/array_bytes.h"
#include "tests/support/temporary_directory.h"

namespace convstep {

using test::bytes_of;
using test::directory_part;
using test::end_record;
using test::local_part;
using test::Member;
using test::message_of;
using test::Parts;
using test::parts_of;
using test::write_file;
using test::zip;

// A .npy file of uint8.
inline std::string npy(const std::string& elements) {
  return npy_preamble(Dtype::kUint8, {static_cast<int64_t>(elements.size())}) + elements;
}

class NpzFixture : public testing::Test {
 protected:
  std::string load(const std::string& archive, const std::string& member = "") {
    write_file(path_, archive);
    return bytes_of(load_array(member.empty() ? path_ : path_ + ":" + member));
  }
  std::string error(const std::string& archive, const std::string& member = "") {
    write_file(path_, archive);
    return message_of<FormatError>(path_, [&] { load_array(member.empty() ? path_ : path_ + ":" + member); });
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.file("arrays.npz");
  const Member stored_{"w.npy", npy("hello"), false};
  const Member deflated_{"b.npy", npy("a longer text, a longer text, a longer text"), true};
};

}  // namespace convstep
