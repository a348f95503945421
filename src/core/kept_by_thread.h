// kept_by_thread.h: what a thread keeps from call to call.
#pragma once

namespace convstep {

// The T of the calling thread, made when it is first asked for. Null once it is gone: when a thread or the program
// ends, destructors that run later than that of T may still make calls.
template <class T>
T* kept_by_thread() {
  static thread_local bool is_gone = false;  // has no destructor, so it can be asked afterwards
  struct Kept {
    ~Kept() { is_gone = true; }
    T value;
  };
  static thread_local Kept kept;
  return is_gone ? nullptr : &kept.value;
}

}  // namespace convstep
