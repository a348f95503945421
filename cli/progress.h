// progress.h: a bar on a terminal's standard error while something long runs.
#pragma once

#include <chrono>
#include <string>

#include "convstep/runtime.h"

namespace convstep::cli {

// Shows nothing where standard error is no terminal, or a dumb one, nor before `patience` has passed. The bar keeps to
// the terminal's width, down to the percentage alone, and is wiped when it goes.
class ProgressBar {
 public:
  static constexpr std::chrono::milliseconds kPatience{500};  // work shorter than this needs no bar

  explicit ProgressBar(std::string label, std::chrono::milliseconds patience = kPatience);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // To be put into an operation's options; the bar must outlive the call.
  ProgressCallback callback();

 private:
  using Clock = std::chrono::steady_clock;

  void show(int64_t done, int64_t total);

  std::string label_;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point next_;  // when to draw again
};

}  // namespace convstep::cli
