// arena.h: work that several threads do together.
#pragma once

#include <functional>

namespace convstep {

// Has work(thread) called by the calling thread and by up to `helpers` of oneTBB's workers, and returns when all of
// these calls have ended. It may be that no worker calls it, or that the calling thread does not: so work() does all
// that is left to do, and the caller calls it once more. It must not throw. Workers take over the caller's
// floating-point mode (rounding, denormals) for as long as they are in it. `thread` is 0 to helpers, mostly the same
// for a thread from call to call, and 0 for the caller.
void call_together(int helpers, const std::function<void(int thread)>& work);

}  // namespace convstep
