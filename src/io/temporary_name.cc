#include "io/temporary_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <memory>
#include <random>
#include <string_view>

#include "convstep/npy.h"
#include "io/file.h"

namespace convstep {
namespace {

constexpr std::string_view kPrefix = ".convstep-", kSuffix = ".tmp";
constexpr std::time_t kAbandonedAfter = 3600;  // seconds

// What signal handlers may look at: plain memory, and an atomic that says whether it is whole.
struct Slot {
  enum State { kFree, kTaken, kWhole };
  std::atomic<int> state{kFree};
  int directory = -1;
  char name[48] = "";  // the longest has 36 characters
};
static_assert(std::atomic<int>::is_always_lock_free);

// A program hardly ever writes two files at once; names for which no slot is free are left to remove_abandoned_files().
constexpr int kSlots = 16;
Slot slots[kSlots];

bool is_temporary_name(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return false;
  name.remove_prefix(kPrefix.size());
  name.remove_suffix(kSuffix.size());
  return !name.empty() && name.find_first_not_of("0123456789-") == std::string_view::npos;
}

bool is_abandoned(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
         status.st_mtime < std::time(nullptr) - kAbandonedAfter;
}

void remove_if_abandoned(int directory, const char* name) {
  struct stat status;
  if (::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !is_abandoned(status)) return;
  // For writing, as a lock over a network may need that.
  const FileDescriptor file(::openat(directory, name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open() || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return;
  if (::fstat(file.get(), &status) == 0 && is_abandoned(status)) ::unlinkat(directory, name, 0);
}

}  // namespace

std::string TemporaryName::random() {
  std::random_device random;
  return std::string(kPrefix) + std::to_string(random()) + "-" + std::to_string(random()) + std::string(kSuffix);
}

TemporaryName::~TemporaryName() {
  if (empty()) return;
  ::unlinkat(directory_, name_.c_str(), 0);
  release();
}

void TemporaryName::own(int directory, const std::string& name) {
  directory_ = directory;
  name_ = name;
  for (slot_ = kSlots - 1; slot_ >= 0; --slot_) {
    Slot& slot = slots[slot_];
    int expected = Slot::kFree;
    if (!slot.state.compare_exchange_strong(expected, Slot::kTaken)) continue;
    slot.directory = directory;
    slot.name[name.copy(slot.name, sizeof slot.name - 1)] = '\0';
    slot.state = Slot::kWhole;
    return;
  }
}

void TemporaryName::release() {
  if (slot_ >= 0) slots[slot_].state = Slot::kFree;
  slot_ = -1;
  name_.clear();
}

void remove_temporary_files() noexcept {
  const int error = errno;
  for (const Slot& slot : slots) {
    if (slot.state == Slot::kWhole) ::unlinkat(slot.directory, slot.name, 0);
  }
  errno = error;
}

// Where the file system has no locks, remove_abandoned_files() gets none either, and removes nothing.
void lock_temporary(int file) { ::flock(file, LOCK_EX | LOCK_NB); }

void remove_abandoned_files(int directory) {
  const int list = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (list < 0) return;  // it may be written though not listed
  struct Close {
    void operator()(DIR* open) const { ::closedir(open); }
  };
  const std::unique_ptr<DIR, Close> entries(::fdopendir(list));
  if (!entries) {
    ::close(list);
    return;
  }
  while (const dirent* entry = ::readdir(entries.get())) {
    if (is_temporary_name(entry->d_name)) remove_if_abandoned(directory, entry->d_name);
  }
}

}  // namespace convstep
