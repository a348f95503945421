#include "io/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "tests/io/file_support.h"
#include "tests/support/temporary_directory.h"

namespace convstep {
namespace {

using test::message_of;
using test::TemporaryDirectory;
using test::write_file;
using testing::HasSubstr;

std::string contents(const InputFile& file) {
  const Tensor<unsigned char, 1> bytes = file.read_all();
  return {bytes.data(), bytes.data() + bytes.size()};
}

TEST(InputFile, ReadsWholeFilesAndParts) {
  const TemporaryDirectory directory;
  const InputFile file(write_file(directory.file("x"), std::string("some\0bytes", 10)));
  EXPECT_EQ(file.size(), 10);
  EXPECT_EQ(contents(file), std::string("some\0bytes", 10));
  char part[4];
  file.read(5, part, 4);
  EXPECT_EQ(std::string(part, 4), "byte");
  EXPECT_EQ(contents(InputFile(write_file(directory.file("empty"), ""))), "");
}

TEST(InputFile, RefusesWhatIsNotARegularFile) {
  const TemporaryDirectory directory;
  const std::string pipe = directory.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(read_error(pipe), HasSubstr("it is a pipe, not a regular file"));
  EXPECT_THAT(read_error(directory.file("")), HasSubstr("it is a directory, not a regular file"));
  EXPECT_THAT(read_error("/dev/zero"), HasSubstr("it is a device, not a regular file"));
  EXPECT_THAT(read_error(directory.file("missing")), HasSubstr("there is no such file"));
  EXPECT_THAT(read_error(write_file(directory.file("x"), "") + "/y"), HasSubstr("not a directory"));
  EXPECT_THAT(read_error(directory.file(std::string(300, 'x'))), HasSubstr("the name is too long"));
  EXPECT_THAT(message_of<FileError>("''", [] { InputFile file(""); }), HasSubstr("name of a file is needed"));
  EXPECT_THAT(message_of<FileError>("/dev/", [] { InputFile file(std::string("/dev/\0zero", 10)); }),
              HasSubstr("NUL byte"));

  const std::string loop = directory.file("loop");
  ASSERT_EQ(::symlink("loop", loop.c_str()), 0);
  EXPECT_THAT(read_error(loop), HasSubstr("too many symbolic links"));

  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string socket_path = directory.file("socket");
  ASSERT_LT(socket_path.size(), sizeof address.sun_path);
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_THAT(read_error(socket_path), HasSubstr("not a regular file"));
  ::close(listener);
}

TEST(InputFile, NeedsPermission) {
  const TemporaryDirectory directory;
  const std::string path = write_file(directory.file("x"), "secret");
  ASSERT_EQ(::chmod(directory.file("").c_str(), 0755), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  EXPECT_TRUE(fails_unprivileged("cannot be opened: no permission", [&] { InputFile file(path); }));
}

TEST(InputFile, NoticesThatTheSizeChanges) {
  const TemporaryDirectory directory;
  const std::string path = write_file(directory.file("x"), "0123456789");
  const InputFile file(path);
  std::filesystem::resize_file(path, 5);
  EXPECT_THAT(message_of<FileError>(path, [&] { file.read_all(); }), HasSubstr("became shorter"));
  std::filesystem::resize_file(path, 16);
  EXPECT_THAT(message_of<FileError>(path, [&] { file.read_all(); }), HasSubstr("size changed"));
}

}  // namespace
}  // namespace convstep
