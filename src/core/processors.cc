#include "core/processors.h"

#include <sched.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace convstep {
namespace {

int processors_of_affinity() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return static_cast<int>(std::thread::hardware_concurrency());
  return CPU_COUNT(&set);
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// The smallest quota of the process's control group and of those above it, as far as they can be seen (version 2).
int processors_of_control_group() {
  const std::string mount = "/sys/fs/cgroup";
  std::string group = first_line("/proc/self/cgroup");
  group = group.rfind("0::", 0) == 0 ? group.substr(3) : "";
  int least = 0;
  while (true) {
    const int here = processors_of_quota(first_line(mount + group + "/cpu.max"));
    if (here > 0) least = least > 0 ? std::min(least, here) : here;
    if (group.empty()) return least;
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
}

}  // namespace

int processors_of_quota(const std::string& cpu_max) {
  std::istringstream text(cpu_max);
  int64_t quota = 0, period = 0;
  if (!(text >> quota >> period) || quota < 1 || period < 1) return 0;
  return static_cast<int>(std::min<int64_t>((quota - 1) / period + 1, 1 << 16));
}

int usable_processors() {
  const int group = processors_of_control_group();
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
