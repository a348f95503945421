#include "cli/progress.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace convstep::cli {
namespace {

// What `body` writes to standard error in a process of its own where that is a terminal, or else a pipe.
template <class Body>
std::string standard_error_of(bool on_terminal, Body body) {
  int ends[2];
  if (on_terminal ? openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) : pipe(ends)) return "no terminal";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    unsetenv("COLUMNS");
    setenv("TERM", "xterm", 1);
    body();
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[512];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return text;
}

void half_of_the_work(std::chrono::milliseconds patience) {
  ProgressBar bar("conv", patience);
  if (const ProgressCallback progress = bar.callback()) progress(1, 2);
}

std::string bar_in_columns(const char* columns) {
  return standard_error_of(true, [=] {
    setenv("COLUMNS", columns, 1);
    half_of_the_work(std::chrono::milliseconds(0));
  });
}

TEST(ProgressBarTest, DrawsOnATerminalAndWipesItselfInTheEnd) {
  EXPECT_EQ(standard_error_of(true, [] { half_of_the_work(std::chrono::milliseconds(0)); }),
            "\rconv [####################                    ]  50%\r\x1b[K");
}

TEST(ProgressBarTest, KeepsToTheWidthOfTheTerminal) {
  EXPECT_EQ(bar_in_columns("23"), "\rconv [#####     ]  50%\r\x1b[K");
  EXPECT_EQ(bar_in_columns("17"), "\r 50%\r\x1b[K");
  const std::string widest = bar_in_columns("500");
  EXPECT_EQ(bar_in_columns("80"), widest);
  for (const char* nonsense : {"", "0", "-3", "wide", "20 "}) EXPECT_EQ(bar_in_columns(nonsense), widest) << nonsense;
  EXPECT_EQ(standard_error_of(true,
                              [] {
                                const winsize size{.ws_row = 24, .ws_col = 23, .ws_xpixel = 0, .ws_ypixel = 0};
                                ioctl(STDERR_FILENO, TIOCSWINSZ, &size);
                                half_of_the_work(std::chrono::milliseconds(0));
                              }),
            "\rconv [#####     ]  50%\r\x1b[K");
}

TEST(ProgressBarTest, StaysAwayFromDumbTerminals) {
  EXPECT_EQ(standard_error_of(true,
                              [] {
                                setenv("TERM", "dumb", 1);
                                half_of_the_work(std::chrono::milliseconds(0));
                              }),
            "");
}

TEST(ProgressBarTest, StaysAwayWhileTheWorkIsShort) {
  EXPECT_EQ(standard_error_of(true, [] { half_of_the_work(std::chrono::hours(1)); }), "");
}

TEST(ProgressBarTest, StaysAwayFromFilesAndPipes) {
  EXPECT_EQ(standard_error_of(false, [] { half_of_the_work(std::chrono::milliseconds(0)); }), "");
}

}  // namespace
}  // namespace convstep::cli
