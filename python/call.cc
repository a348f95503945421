#include "python/call.h"

#include <cxxabi.h>
#include <unistd.h>

#include <chrono>

namespace convstep::python {
namespace {

using Clock = std::chrono::steady_clock;

// Often enough to seem immediate, rarely enough that taking the GIL costs nothing.
constexpr std::chrono::milliseconds kBetweenLooks{50};

// Runs take(), which waits for the GIL. Once the interpreter is shutting down, Python before 3.14 lets no other thread
// have it and ends the thread instead, by unwinding its stack; where C++ forbids that, in a destructor, the process
// aborts. So such a thread waits here until the process is gone, which is what Python does from 3.14 on.
template <class Take>
auto take_gil(Take take) {
#ifdef __GLIBCXX__
  try {
    return take();
  } catch (const abi::__forced_unwind&) {
    while (true) pause();
  }
#else
  return take();
#endif
}

// The state of this thread where it gave up the GIL.
thread_local PyThreadState* released_state = nullptr;

}  // namespace

// PyGILState_Ensure would look the thread's state up in a table that is gone once the interpreter shuts down.
GilHeld::GilHeld() {
  take_gil([] { PyEval_RestoreThread(released_state); });
}
GilHeld::~GilHeld() { released_state = PyEval_SaveThread(); }

GilReleased::GilReleased() { released_state = PyEval_SaveThread(); }
GilReleased::~GilReleased() {
  take_gil([] { PyEval_RestoreThread(released_state); });
}

ProgressCallback interruptible() {
  return [](int64_t, int64_t) {
    thread_local Clock::time_point next = Clock::now() + kBetweenLooks;
    if (Clock::now() < next) return;
    const GilHeld held;
    next = Clock::now() + kBetweenLooks;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
}

}  // namespace convstep::python
