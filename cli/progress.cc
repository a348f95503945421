#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace convstep::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{100};  // ten pictures a second look smooth and cost nothing
constexpr int64_t kWidth = 40;                       // with label and percentage within 80 columns

}  // namespace

ProgressBar::ProgressBar(std::string label, std::chrono::milliseconds patience)
    : label_(std::move(label)), on_terminal_(isatty(STDERR_FILENO) == 1), next_(Clock::now() + patience) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

ProgressCallback ProgressBar::callback() {
  if (!on_terminal_) return {};
  return [this](int64_t done, int64_t total) { show(done, total); };
}

void ProgressBar::show(int64_t done, int64_t total) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kInterval;
  drawn_ = true;
  const double part = static_cast<double>(done) / static_cast<double>(total);
  const auto filled = static_cast<size_t>(part * kWidth);
  fmt::print(stderr, "\r{} [{:<{}}] {:3.0f}%", label_, std::string(filled, '#'), kWidth, part * 100);
  std::fflush(stderr);
}

}  // namespace convstep::cli
