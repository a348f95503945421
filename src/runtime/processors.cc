#include "runtime/processors.h"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "runtime/control_groups.h"

namespace convstep {
namespace {

// A thread's affinity mask. A cpu_set_t holds 1024 processors, and where the system knows more it says nothing to one.
class Mask {
 public:
  bool get(GetAffinity* get_affinity) { return get_affinity(0, sizeof(sets_), sets_) == 0; }
  bool set() const { return sched_setaffinity(0, sizeof(sets_), sets_) == 0; }
  int count() const { return CPU_COUNT_S(sizeof(sets_), sets_); }
  void remove(int processor) { CPU_CLR_S(static_cast<size_t>(processor), sizeof(sets_), sets_); }
  void fill() { std::memset(sets_, 0xff, sizeof(sets_)); }

 private:
  cpu_set_t sets_[16] = {};
};

}  // namespace

int processors_of_affinity(GetAffinity* get_affinity) {
  Mask mask;
  return mask.get(get_affinity) ? mask.count() : static_cast<int>(std::thread::hardware_concurrency());
}

int usable_processors() {
  const int group = processors_of_control_groups("");
  const int affinity = std::max(processors_of_affinity(sched_getaffinity), 1);
  return group > 0 ? std::min(affinity, group) : affinity;
}

void change_processor() {
  Mask allowed;
  const int here = sched_getcpu();
  if (here < 0 || !allowed.get(sched_getaffinity) || allowed.count() < 2) return;
  Mask others = allowed;
  others.remove(here);
  if (!others.set()) return;
  if (allowed.set()) return;
  allowed.fill();  // its control group has lost all of them since: those that it has now
  allowed.set();
}

}  // namespace convstep
