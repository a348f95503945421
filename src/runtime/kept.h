// kept.h: what a thread keeps from call to call.
#pragma once

namespace convstep {

// The calling thread's own T, made when it is first asked for; null once the thread has destroyed it. That is when it
// ends, and for the main thread before the destructors of static objects run, which may make calls, too.
template <class T>
T* kept_by_thread() {
  static thread_local bool is_over = false;  // has no destructor itself, so it can be asked to the last
  struct Kept {
    ~Kept() { is_over = true; }
    T value;
  };
  if (is_over) return nullptr;
  static thread_local Kept kept;
  return &kept.value;
}

}  // namespace convstep
