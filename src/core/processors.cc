#include "core/processors.h"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "core/control_groups.h"

namespace convstep {
namespace {

int processors_of_affinity() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return static_cast<int>(std::thread::hardware_concurrency());
  return CPU_COUNT(&set);
}

}  // namespace

int usable_processors() {
  const int group = processors_of_control_groups("");
  const int affinity = std::max(processors_of_affinity(), 1);
  return group > 0 ? std::min(affinity, group) : affinity;
}

void change_processor() {
  cpu_set_t allowed, others;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  const int here = sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE || CPU_COUNT(&allowed) < 2) return;
  others = allowed;
  CPU_CLR(here, &others);
  if (sched_setaffinity(0, sizeof(others), &others) != 0) return;
  if (sched_setaffinity(0, sizeof(allowed), &allowed) == 0) return;
  std::memset(&allowed, 0xff, sizeof(allowed));  // its control group has lost all of them since: those that it has now
  sched_setaffinity(0, sizeof(allowed), &allowed);
}

}  // namespace convstep
