// fork_safe_mutex.h: locks that a child process finds free.
#pragma once

#include <mutex>

namespace convstep {

// A mutex for what `owner` has, for a few instructions: no call of others may be made under it. Several owners may
// share one. A child forked while another thread held an ordinary mutex would wait for it for ever; these are all held
// by the thread that forks, and free after it in both processes.
std::mutex& fork_safe_mutex(const void* owner);

}  // namespace convstep
