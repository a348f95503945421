// runtime.h: what a call does besides its arithmetic: threads, SIMD targets, progress.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "convstep/shape.h"

namespace CONVSTEP_EXPORT convstep {

// Called on the caller's thread again and again while an operation runs, with how much is done of how much there is
// (output pixels or larger parts; it never falls, and the last call says that all is done). It may throw: the operation
// then stops, the exception reaches the caller, and the contents of the output are unspecified. That is how a long call
// is interrupted.
using ProgressCallback = std::function<void(int64_t done, int64_t total)>;

// The number of threads of a call whose options say 0; the calling thread is one of them. At first that is
// CONVSTEP_NUM_THREADS, or else as many as the process may use (its affinity mask and its control group's share of
// processors). Calls too small to gain stay on the calling thread. The number of threads never changes a bit of any
// result. Where fewer threads can be started than that, a call uses those that there are, down to its caller alone; the
// next call tries anew. In a child forked after a call has used threads, calls run on one, and num_threads() is 1
// whatever was set.
//
// Threads take over the floating-point mode of their caller (rounding, flush to zero, denormals are zeros) for as long
// as they work for him; his own is left alone. They block signals for the process, so that these reach the
// program's own threads. Where a thread is cancelled, its call on several threads is finished first.
//
// set_num_threads(0) restores the default. set_num_threads throws ParameterError below 0 or above kMaxThreads;
// num_threads(), and calls that use it, throw it if CONVSTEP_NUM_THREADS is not a number from 1 to kMaxThreads.
inline constexpr int kMaxThreads = 1024;
int num_threads();
void set_num_threads(Count threads);

// What each call may be told besides its arithmetic. ConvOptions and PoolOptions have the same two fields.
struct RunOptions {
  Count threads = 0;  // at most so many; 0: num_threads()
  ProgressCallback progress{};
};

// May a call move its caller's thread to another processor of its affinity mask? Linux sometimes wakes a worker on the
// caller's processor, to wait there for milliseconds while others are idle. Where this is true, the caller then makes
// room: it takes its own processor out of the thread's mask and puts the mask back. On virtual machines of few
// processors some short calls on two threads get twice as fast. At first true if CONVSTEP_CALLER_MAY_MOVE is 1, else
// false: a call leaves the placement of the program's threads alone.
bool caller_may_move();
void set_caller_may_move(bool may);

// The SIMD instruction sets that this library has code for and this CPU can run, best first: "avx512", "avx2", "sse4",
// ... Plans made, and calls begun, from now on use simd_target(): at first CONVSTEP_TARGET, or else the best. Results
// are the same bits on all targets with fused multiply-add (all but "sse4", "emulated" and "scalar").
//
// set_simd_target() may be called while other threads compute. Plans keep to the target that they were made for, and
// calls under way to that which they began with. The choice is this library's own: other users of Highway in the
// process have theirs.
//
// set_simd_target("") returns to the best. Throws ParameterError for a name that simd_targets() does not have;
// simd_target(), and calls that use it, where CONVSTEP_TARGET is such a name.
std::vector<std::string> simd_targets();
std::string simd_target();
void set_simd_target(const std::string& name);

// Gives back the memory that threads keep from call to call for their next one: what ConvPlan::workspace_bytes() says,
// mostly below 2 MB each. Calls under way keep what they use. May be called at any time, by any thread.
void release_memory();

}  // namespace convstep
