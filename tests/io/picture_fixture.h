// picture_fixture.h: pictures that are written to a file and read from it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "convstep/error.h"
#include "convstep/image.h"
#include "tests/support/temporary_directory.h"

namespace convstep {

class PictureFixture : public testing::Test {
 protected:
  explicit PictureFixture(const std::string& name) : path_(directory_.file(name)) {}

  Tensor<float, 4> load(const std::string& bytes) {
    warnings_.clear();
    return load_image(test::write_file(path_, bytes), &warnings_);
  }
  std::string error(const std::string& bytes) {
    test::write_file(path_, bytes);
    return test::message_of<FormatError>(path_, [&] { load_image(path_); });
  }

  test::TemporaryDirectory directory_;
  std::string path_;
  Warnings warnings_;
};

}  // namespace convstep
