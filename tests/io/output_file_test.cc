// output_file_test.cc: files are replaced as a whole, or stay as they were, whatever happens meanwhile.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <string>

#include "convstep/image.h"
#include "convstep/npy.h"
#include "tests/io/file_support.h"
#include "tests/support/temporary_directory.h"

namespace {
bool directories_cannot_be_synced = false;
}  // namespace

// In place of the system's, for a disk that fails at the worst moment.
extern "C" int fsync(int fd) {
  struct stat status;
  if (directories_cannot_be_synced && ::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace convstep {
namespace {

using test::message_of;
using test::read_file;
using test::TemporaryDirectory;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

class OutputFileTest : public testing::TestWithParam<Temporary> {
 protected:
  TemporaryDirectory directory_;
  std::string path_ = directory_.file("target");
};

TEST_P(OutputFileTest, WritesAllOrNothing) {
  {
    OutputFile file(path_, GetParam());
    file.write("abcdef", 6);
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  EXPECT_THAT(directory_.names(), ElementsAre());

  OutputFile file(path_, GetParam());
  file.write("abcdef", 6);
  file.write("ghi", 3);
  file.write_at(1, "BC", 2);
  EXPECT_EQ(file.size(), 9);
  file.commit(nullptr);
  EXPECT_EQ(read_file(path_), "aBCdefghi");
  EXPECT_THAT(directory_.names(), ElementsAre("target"));
}

TEST_P(OutputFileTest, KeepsTheOldFileUntilItIsComplete) {
  write_file(path_, "old");
  {
    OutputFile file(path_, GetParam());
    file.write("new", 3);
    EXPECT_EQ(read_file(path_), "old");
  }
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_THAT(directory_.names(), ElementsAre("target"));
  replace(path_, "new", GetParam());
  EXPECT_EQ(read_file(path_), "new");
  EXPECT_THAT(directory_.names(), ElementsAre("target"));
}

TEST_P(OutputFileTest, KeepsPermissions) {
  write_file(path_, "old");
  for (const mode_t mode : {0600, 0640, 0755, 0666}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    replace(path_, "new", GetParam());
    EXPECT_EQ(mode_of(path_), mode);
  }
  const mode_t old_mask = ::umask(027);
  replace(directory_.file("fresh"), "new", GetParam());
  ::umask(old_mask);
  EXPECT_EQ(mode_of(directory_.file("fresh")), 0640);
}

TEST_P(OutputFileTest, FollowsSymbolicLinks) {
  ASSERT_TRUE(std::filesystem::create_directory(directory_.file("sub")));
  const std::string real = write_file(directory_.file("sub/real"), "old");
  ASSERT_EQ(::symlink("sub/real", directory_.file("near").c_str()), 0);
  ASSERT_EQ(::symlink("near", directory_.file("far").c_str()), 0);
  replace(directory_.file("far"), "new", GetParam());
  EXPECT_EQ(read_file(real), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(directory_.file("far")));
  EXPECT_TRUE(std::filesystem::is_symlink(directory_.file("near")));

  const std::string absolute = directory_.file("sub/fresh");
  ASSERT_EQ(::symlink(absolute.c_str(), directory_.file("dangling").c_str()), 0);
  replace(directory_.file("dangling"), "new", GetParam());
  EXPECT_EQ(read_file(absolute), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(directory_.file("dangling")));
}

TEST_P(OutputFileTest, AcceptsTheLongestName) {
  const std::string longest = directory_.file(std::string(255, 'x'));
  replace(longest, "new", GetParam());
  EXPECT_EQ(read_file(longest), "new");
}

TEST_P(OutputFileTest, LeavesNothingWhenNoSpaceIsLeft) {
  write_file(path_, "old");
  // A limit on the size of files stands in for a full disk: the write fails half-way in the same manner.
  const int result = run_in_child([&] {
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0 || ::signal(SIGXFSZ, SIG_IGN) == SIG_ERR) return 2;
    try {
      replace(path_, std::string(5000, 'n'), GetParam());
    } catch (const FileError& error) {
      return std::string(error.what()) == path_ + ": cannot be written: the file would be larger than the system allows"
                 ? 0
                 : 3;
    }
    return 4;
  });
  EXPECT_EQ(result, 0);
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_THAT(directory_.names(), ElementsAre("target"));
}

TEST_P(OutputFileTest, NeedsPermissionForDirectoryAndTarget) {
  write_file(path_, "old");
  ASSERT_EQ(::chmod(path_.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(directory_.file("").c_str(), 0555), 0);
  EXPECT_TRUE(fails_unprivileged("no permission", [&] { replace(path_, "new", GetParam()); }));
  EXPECT_TRUE(fails_unprivileged("no permission", [&] { replace(directory_.file("fresh"), "new", GetParam()); }));
  ASSERT_EQ(::chmod(directory_.file("").c_str(), 0777), 0);
  ASSERT_EQ(::chmod(path_.c_str(), 0444), 0);
  EXPECT_TRUE(fails_unprivileged("no permission", [&] { replace(path_, "new", GetParam()); }));
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_THAT(directory_.names(), ElementsAre("target"));
}

INSTANTIATE_TEST_SUITE_P(Temporary, OutputFileTest, testing::Values(Temporary::kUnnamed, Temporary::kNamed),
                         [](const auto& tested) { return tested.param == Temporary::kUnnamed ? "Unnamed" : "Named"; });

TEST(OutputFile, RefusesWhatIsNotARegularFile) {
  const TemporaryDirectory directory;
  const std::string pipe = directory.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(write_error(pipe), HasSubstr("it is a pipe, not a regular file"));
  EXPECT_THAT(write_error("/dev/full"), HasSubstr("it is a device, not a regular file"));
  ASSERT_TRUE(std::filesystem::create_directory(directory.file("sub")));
  EXPECT_THAT(write_error(directory.file("sub")), HasSubstr("it is a directory"));
  EXPECT_THAT(write_error(directory.file("sub/")), HasSubstr("it is a directory"));
  EXPECT_THAT(write_error(directory.file("new/")), HasSubstr("a directory"));
  EXPECT_THAT(write_error(directory.file("missing/x")), HasSubstr("its directory cannot be opened"));
  EXPECT_THAT(write_error(directory.file("pipe/x")), HasSubstr("not a directory"));
  EXPECT_THAT(message_of<FileError>("''", [] { replace("", "new"); }), HasSubstr("name of a file is needed"));
  const std::string loop = directory.file("loop");
  ASSERT_EQ(::symlink("loop", loop.c_str()), 0);
  EXPECT_THAT(write_error(loop), HasSubstr("too many symbolic links"));
  EXPECT_THAT(directory.names(), ElementsAre("loop", "pipe", "sub"));
}

TEST(OutputFile, WritesIntoTheWorkingDirectory) {
  const TemporaryDirectory directory;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory.file(""));
  replace("plain", "new");
  std::filesystem::current_path(before);
  EXPECT_EQ(read_file(directory.file("plain")), "new");
}

// A child that writes half a file and waits is killed: nothing but the old file is there.
TEST(OutputFile, LeavesNothingWhenKilledHalfWay) {
  const TemporaryDirectory directory;
  const std::string path = write_file(directory.file("target"), "old");
  const int probe = ::open(directory.file("").c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (probe < 0) GTEST_SKIP() << "this file system has no unnamed files";
  ::close(probe);

  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    OutputFile file(path);
    const std::string half(1 << 24, 'n');
    file.write(half.data(), static_cast<int64_t>(half.size()));
    if (::write(ready[1], "x", 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  ::close(ready[0]);
  ::close(ready[1]);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_THAT(directory.names(), ElementsAre("target"));
}

// Where files have names from the start, a signal's handler removes them.
TEST(OutputFile, LeavesNothingWhenASignalEndsTheProgram) {
  const TemporaryDirectory directory;
  const std::string path = write_file(directory.file("target"), "old");
  const int result = run_in_child([&] {
    OutputFile finished(directory.file("finished"), Temporary::kNamed);
    finished.commit(nullptr);
    OutputFile file(path, Temporary::kNamed), other(directory.file("other"), Temporary::kNamed);
    file.write("new", 3);
    if (directory.names().size() != 4) return 2;
    ::signal(SIGINT, [](int) {
      remove_temporary_files();
      ::_exit(0);
    });
    ::raise(SIGINT);
    return 3;
  });
  EXPECT_EQ(result, 0);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_THAT(directory.names(), ElementsAre("finished", "target"));
}

std::string write_old_file(const std::string& path) {
  write_file(path, "left behind");
  const timeval two_hours_ago[2] = {{::time(nullptr) - 7200, 0}, {::time(nullptr) - 7200, 0}};
  EXPECT_EQ(::utimes(path.c_str(), two_hours_ago), 0);
  return path;
}

TEST(OutputFile, RemovesWhatKilledWritersLeft) {
  const TemporaryDirectory directory;
  write_old_file(directory.file(".convstep-1-2.tmp"));
  const std::string kept[] = {".convstep-1-3.tmp", ".convstep-1-4.tmp", ".convstep-1-5.tmp",
                              ".convstep-x.tmp",   ".convstep-1-6.txt", "convstep-1-7.tmp"};
  const int live = ::open(write_old_file(directory.file(kept[0])).c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(live, LOCK_EX), 0);
  write_file(directory.file(kept[1]), "still being written, perhaps by another machine");
  ASSERT_EQ(::symlink(write_old_file(directory.file(kept[3])).c_str(), directory.file(kept[2]).c_str()), 0);
  write_old_file(directory.file(kept[4]));
  write_old_file(directory.file(kept[5]));

  replace(directory.file("target"), "new", Temporary::kNamed);
  EXPECT_THAT(directory.names(),
              testing::UnorderedElementsAre(kept[0], kept[1], kept[2], kept[3], kept[4], kept[5], "target"));
  ::close(live);
  replace(directory.file("target"), "new", Temporary::kNamed);
  EXPECT_FALSE(std::filesystem::exists(directory.file(kept[0])));
}

// Another writer's file is locked, so that nobody takes it for a left one.
TEST(OutputFile, LocksItsTemporaryFile) {
  const TemporaryDirectory directory;
  const OutputFile file(directory.file("target"), Temporary::kNamed);
  const std::string name = directory.names().at(0);
  const int fd = ::open(directory.file(name).c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_NE(::flock(fd, LOCK_EX | LOCK_NB), 0);
  ::close(fd);
}

TEST(OutputFile, WarnsWhereTheDirectoryCannotBeSynced) {
  const TemporaryDirectory directory;
  const std::string path = write_file(directory.file("target.npy"), "old");
  const Tensor<float, 4> image({1, 2, 3, 1});
  const Array array = to_array(image.view());
  const std::pair<std::string, Array> members[] = {{"a", array}};
  Warnings warnings;
  directories_cannot_be_synced = true;
  save_npy(path, array, &warnings);
  save_npz(directory.file("target.npz"), members, true, &warnings);
  save_png(directory.file("target.png"), image, &warnings);
  save_npy(path, array);  // nobody wants to know
  directories_cannot_be_synced = false;
  const auto is_in_place = testing::AllOf(HasSubstr(": it is written, but its directory cannot be synced: "),
                                          HasSubstr("; after a crash the old file may be back"));
  EXPECT_THAT(warnings, ElementsAre(is_in_place, is_in_place, is_in_place));
  EXPECT_EQ(load_array(path).shape.size(), 4u);
  EXPECT_THAT(directory.names(), ElementsAre("target.npy", "target.npz", "target.png"));
}

// A child that writes one version after the other is killed at any moment: the file is always a whole version.
TEST(OutputFile, IsWholeWheneverTheWriterIsKilled) {
  const TemporaryDirectory directory;
  const std::string path = directory.file("target.npy");
  constexpr int64_t kSize = 1 << 20;
  const auto save_version = [&](unsigned char version) {
    Array array{Dtype::kUint8, {kSize}, Tensor<unsigned char, 1>::uninitialized({kSize})};
    std::fill_n(array.bytes.data(), kSize, version);
    save_npy(path, array);
  };
  save_version(0);
  std::mt19937 random(1);
  std::uniform_int_distribution<useconds_t> delay(0, 30000);
  for (int round = 0; round < 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (unsigned char version = 0;; ++version) save_version(version);
    }
    ::usleep(delay(random));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const Array array = load_array(path);
    ASSERT_EQ(array.bytes.size(), kSize);
    EXPECT_TRUE(std::equal(&array.bytes(1), &array.bytes(0) + kSize, &array.bytes(0)));
  }
}

// Every writer goes through OutputFile; this notices one that does not.
TEST(Writers, KeepTheTargetOnErrors) {
  const TemporaryDirectory directory;
  const std::string path = write_file(directory.file("target"), "old");
  const Array broken{Dtype::kFloat64, {2}, Tensor<unsigned char, 1>({8})};
  const std::pair<std::string, Array> members[] = {{"a", broken}};
  const Tensor<float, 4> batch({2, 3, 3, 1});
  EXPECT_THROW(save_npy(path, broken), ShapeError);
  EXPECT_THROW(save_npz(path, members), ShapeError);
  EXPECT_THROW(save_png(path, batch), ShapeError);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_THAT(directory.names(), ElementsAre("target"));

  const Array array = to_array(batch.view());
  const std::pair<std::string, Array> good_members[] = {{"a", array}};
  const Tensor<float, 4> image({1, 3, 3, 1});
  message_of<FileError>("/dev/full", [&] { save_npy("/dev/full", array); });
  message_of<FileError>("/dev/full", [&] { save_npz("/dev/full", good_members); });
  message_of<FileError>("/dev/full", [&] { save_png("/dev/full", image); });
}

}  // namespace
}  // namespace convstep
