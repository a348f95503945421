// processors.h: how many processors this process may use.
#pragma once

#include <sched.h>

#include <cstddef>

namespace convstep {

// Those of its affinity mask, but no more than its control group's share of time pays for (rounded up); at least 1.
int usable_processors();

// Those of its affinity mask, as sched_getaffinity, or another function that tests put in its place, says.
using GetAffinity = int(pid_t process, size_t bytes, cpu_set_t* mask);
int processors_of_affinity(GetAffinity* get_affinity);

// Moves the calling thread to another processor of its affinity mask, where there is one. Takes some microseconds.
void change_processor();

}  // namespace convstep
