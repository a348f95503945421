// workers.h: that oneTBB has the workers that a call counts on.
#pragma once

namespace convstep {

// Some of oneTBB's workers for as long as it lives: as many as wanted, or as there are to be had. oneTBB cannot go on
// where a thread does not start (it throws in the midst of a loop, or ends the process), so they are started here, and
// calls that are under way together never want more than those. Throws nothing.
class WorkersInUse {
 public:
  explicit WorkersInUse(int wanted);
  ~WorkersInUse();
  WorkersInUse(const WorkersInUse&) = delete;
  WorkersInUse& operator=(const WorkersInUse&) = delete;

  int count() const { return count_; }

 private:
  int count_;
};

}  // namespace convstep
