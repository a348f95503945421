// processors.h: how many processors this process may use.
#pragma once

#include <string>

namespace convstep {

// Those of its affinity mask, but no more than its control group's share of time pays for (rounded up); at least 1.
int usable_processors();

// How many whole processors the text of a control group's cpu.max ("QUOTA PERIOD" or "max PERIOD") pays for, rounded
// up; 0 for no limit and for text of another form.
int processors_of_quota(const std::string& cpu_max);

// Moves the calling thread to another processor of its affinity mask, where there is one. Takes some microseconds.
void change_processor();

}  // namespace convstep
