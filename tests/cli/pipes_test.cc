#include "cli/pipes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

// A pipe that brings `count` bytes and ends.
class PipesTest : public testing::Test {
 protected:
  std::string pipe_of(int count) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const std::string bytes(static_cast<size_t>(count), 'x');
    EXPECT_EQ(::write(ends[1], bytes.data(), bytes.size()), count);
    ::close(ends[1]);
    return "/dev/fd/" + std::to_string(ends[0]);
  }
};

TEST_F(PipesTest, KeepsWhatComesAsAFile) {
  const PipedFile file(pipe_of(1000), 1000);
  EXPECT_EQ(std::filesystem::file_size(file.path()), 1000u);
}

TEST_F(PipesTest, RefusesMoreThanItsBound) { EXPECT_THROW(PipedFile(pipe_of(1001), 1000), FileError); }

TEST_F(PipesTest, TakesMembersFromPipesAlone) {
  EXPECT_EQ(find_input_pipe("-:W")->member, ":W");
  EXPECT_EQ(find_input_pipe("/dev/stdin")->member, "");
  EXPECT_FALSE(find_input_pipe("./-"));
  EXPECT_FALSE(find_input_pipe("/dev/zero"));
}

}  // namespace
}  // namespace convstep::cli
