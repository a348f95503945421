// processors.h: how many processors this process may use.
#pragma once

namespace convstep {

// Those of its affinity mask, but no more than its control group's share of time pays for (rounded up); at least 1.
int usable_processors();

// Moves the calling thread to another processor of its affinity mask, where there is one. Takes some microseconds.
void change_processor();

}  // namespace convstep
