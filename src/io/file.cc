#include "io/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "convstep/error.h"

namespace convstep {
namespace {

constexpr int kMaxSymbolicLinks = 40;  // in a row: Linux's own limit
constexpr int kNameAttempts = 100;     // for a temporary name that is free; the second is all but certain to be

std::string cause_of(int error) {
  switch (error) {
    case ENOENT:
      return "there is no such file or directory";
    case ENOTDIR:
      return "a part of the path is not a directory";
    case EACCES:
    case EPERM:
      return "no permission";
    case EROFS:
      return "the file system is read-only";
    case ENOSPC:
    case EDQUOT:
      return "no space is left";
    case EFBIG:
      return "the file would be larger than the system allows";
    case ELOOP:
      return "too many symbolic links in a row";
    case ENAMETOOLONG:
      return "the name is too long";
    case EMFILE:
    case ENFILE:
      return "too many files are open";
    case ENXIO:
      return "it is a socket or a device, not a regular file";
    default:
      return std::generic_category().message(error);
  }
}

[[noreturn]] void fail(const std::string& path, const std::string& attempt, int error) {
  throw FileError(path, attempt + ": " + cause_of(error));
}

void check_path(const std::string& path) {
  if (path.empty()) throw FileError("''", "the name of a file is needed");
  if (path.find('\0') != std::string::npos) throw FileError(path.c_str(), "the name contains a NUL byte");
}

void check_regular(const std::string& path, mode_t mode) {
  if (S_ISREG(mode)) return;
  const char* kind = S_ISDIR(mode)    ? "a directory"
                     : S_ISFIFO(mode) ? "a pipe"
                     : S_ISSOCK(mode) ? "a socket"
                                      : "a device";
  throw FileError(path, std::string("it is ") + kind + ", not a regular file");
}

// The file that `path` leads to through symbolic links, whether or not it exists yet.
std::filesystem::path follow_links(const std::string& path) {
  std::filesystem::path target = path;
  for (int hops = 0; hops < kMaxSymbolicLinks; ++hops) {
    std::error_code error;
    const std::filesystem::path link = std::filesystem::read_symlink(target, error);
    if (error) return target;  // not a link, or not there
    target = target.parent_path() / link;
  }
  fail(path, "cannot be written", ELOOP);
}

std::string proc_path(const FileDescriptor& file) { return "/proc/self/fd/" + std::to_string(file.get()); }

bool sync(const FileDescriptor& file) {
  while (::fsync(file.get()) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace

bool FileDescriptor::close() {
  if (fd_ < 0) return true;
  const int result = ::close(fd_);
  fd_ = -1;
  return result == 0 || errno == EINTR;  // Linux has closed it even then
}

InputFile::InputFile(const std::string& path) : path_(path) {
  check_path(path);
  // O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
  file_.reset(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file_.is_open()) fail(path, "cannot be opened", errno);
  struct stat status;
  if (::fstat(file_.get(), &status) != 0) fail(path, "cannot be opened", errno);
  check_regular(path, status.st_mode);
  size_ = status.st_size;
}

void InputFile::read(int64_t offset, void* bytes, int64_t count) const {
  auto* next = static_cast<unsigned char*>(bytes);
  while (count > 0) {
    const ssize_t got = ::pread(file_.get(), next, static_cast<size_t>(count), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "cannot be read", errno);
    if (got == 0) throw FileError(path_, "it became shorter while it was read");
    next += got;
    offset += got;
    count -= got;
  }
}

Tensor<unsigned char, 1> InputFile::read_all() const {
  auto bytes = Tensor<unsigned char, 1>::uninitialized({size_});
  read(0, bytes.data(), size_);
  check_size_unchanged();
  return bytes;
}

void InputFile::check_size_unchanged() const {
  struct stat status;
  if (::fstat(file_.get(), &status) != 0) fail(path_, "cannot be read", errno);
  if (status.st_size != size_) throw FileError(path_, "its size changed while it was read");
}

OutputFile::OutputFile(const std::string& path, Temporary temporary) : path_(path) {
  check_path(path);
  struct stat status;
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) fail(path, "cannot be written", errno);
  if (exists) {
    check_regular(path, status.st_mode);
    // A rename would replace a write-protected file; its owner has said not to.
    if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) fail(path, "cannot be written", errno);
  }

  const std::filesystem::path target = follow_links(path);
  name_ = target.filename();
  if (name_.empty() || name_ == "." || name_ == "..") throw FileError(path, "it names a directory, not a file");
  const std::string directory = target.has_parent_path() ? target.parent_path().string() : ".";
  directory_.reset(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_.is_open() && errno == EACCES) {
    directory_.reset(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));  // may be written though not listed
  }
  if (!directory_.is_open()) fail(path, "its directory cannot be opened", errno);

  constexpr mode_t kNewFile = 0666;    // less the umask, which the system applies
  constexpr mode_t kOwnerOnly = 0600;  // until it has the permissions of the file it replaces
  constexpr mode_t kPermissions = 0777;
  open_temporary(temporary, exists ? kOwnerOnly : kNewFile);
  if (!exists) return;
  // Another owner's file becomes one's own unless one is root; that is no reason not to write it. But rights that were
  // meant for its group must not pass to another group.
  const bool group_kept = ::fchown(file_.get(), status.st_uid, status.st_gid) == 0 ||
                          ::fchown(file_.get(), static_cast<uid_t>(-1), status.st_gid) == 0;
  const mode_t mode = status.st_mode & (group_kept ? kPermissions : kPermissions & ~S_IRWXG);
  if (::fchmod(file_.get(), mode) != 0) fail(path, "its permissions cannot be kept", errno);
}

void OutputFile::open_temporary(Temporary temporary, mode_t mode) {
  if (temporary == Temporary::kUnnamed) {
    file_.reset(::openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
    // It is given its name through /proc, so without that it would be lost.
    if (file_.is_open() && ::access(proc_path(file_).c_str(), F_OK) == 0) return;
  }
  remove_abandoned_files(directory_.get());
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    const std::string name = TemporaryName::random();
    temporary_name_.own(directory_.get(), name);
    file_.reset(::openat(directory_.get(), name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode));
    if (file_.is_open()) return lock_temporary(file_.get());
    temporary_name_.release();
    if (errno != EEXIST) break;
  }
  fail(path_, "cannot be written in its directory", errno);
}

// Gives an unnamed temporary file a name.
void OutputFile::name_temporary() {
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    const std::string name = TemporaryName::random();
    temporary_name_.own(directory_.get(), name);
    if (::linkat(AT_FDCWD, proc_path(file_).c_str(), directory_.get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0) return;
    temporary_name_.release();
    if (errno != EEXIST) break;
  }
  fail(path_, "cannot be written in its directory", errno);
}

void OutputFile::put(int64_t offset, const void* bytes, int64_t count) {
  const auto* next = static_cast<const unsigned char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::pwrite(file_.get(), next, static_cast<size_t>(count), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_, "cannot be written", errno);
    next += written;
    offset += written;
    count -= written;
  }
}

void OutputFile::write(const void* bytes, int64_t count) {
  put(size_, bytes, count);
  size_ += count;
}

void OutputFile::write_at(int64_t offset, const void* bytes, int64_t count) { put(offset, bytes, count); }

void OutputFile::commit(Warnings* warnings) {
  if (!sync(file_)) fail(path_, "cannot be written to the disk", errno);
  if (temporary_name_.empty()) name_temporary();
  if (!file_.close()) fail(path_, "cannot be written to the disk", errno);
  if (::renameat(directory_.get(), temporary_name_.get().c_str(), directory_.get(), name_.c_str()) != 0) {
    fail(path_, "cannot be replaced", errno);
  }
  temporary_name_.release();
  // Some file systems cannot sync a directory; then there is nothing more to be done.
  if (sync(directory_) || errno == EINVAL || errno == EBADF || !warnings) return;
  warnings->push_back(path_ + ": it is written, but its directory cannot be synced: " + cause_of(errno) +
                      "; after a crash the old file may be back");
}

}  // namespace convstep
