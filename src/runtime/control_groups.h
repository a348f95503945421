// control_groups.h: how much of the processors' time Linux lets this process have.
#pragma once

#include <cstdint>
#include <string>

namespace convstep {

// How many whole processors the smallest quota of the process's control group and of those above it pays for, rounded
// up; 0 for no limit. Of versions 1 and 2, as far as the groups can be seen: in a container, which may not see its own
// group's path, the group at the root of the mount. `root` is put before every path, for tests.
int processors_of_control_groups(const std::string& root);

// A quota of so many microseconds in each period; 0 for no limit.
int processors_of_quota(int64_t quota, int64_t period);

}  // namespace convstep
