// thread_probe.h: whether threads can be started.
#pragma once

namespace convstep {

// How many of `wanted` threads can be started now, with stacks like oneTBB's and a little memory of their own. They are
// started, and gone when it returns.
int startable_threads(int wanted);

}  // namespace convstep
