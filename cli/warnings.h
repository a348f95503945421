// warnings.h: warnings of the library, on standard error.
#pragma once

#include <cstdio>

#include "convstep/warnings.h"

namespace convstep::cli {

//   PrintedWarnings warnings;
//   load_image(path, warnings.get());  // its warnings are printed where `warnings` ends
class PrintedWarnings {
 public:
  PrintedWarnings() = default;
  PrintedWarnings(const PrintedWarnings&) = delete;
  PrintedWarnings& operator=(const PrintedWarnings&) = delete;
  ~PrintedWarnings() {
    for (const std::string& warning : warnings_) std::fprintf(stderr, "convstep: warning: %s\n", warning.c_str());
  }

  Warnings* get() { return &warnings_; }

 private:
  Warnings warnings_;
};

}  // namespace convstep::cli
