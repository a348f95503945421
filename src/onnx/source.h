// source.h: where a model comes from, for messages and for the files beside it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace convstep::onnx {

struct Source {
  std::string name;  // the file's path, or what the caller calls the bytes
  // Where the model's other files lie; none for bytes, which have no place.
  bool has_folder = false;
  std::filesystem::path folder;
  // That of the file which `name` leads to through symbolic links, as in a cache of downloads.
  std::filesystem::path real_folder{};

  [[noreturn]] void fail(const std::string& cause) const;  // FormatError
};

// A name out of the file, or another short text, as it is kept: without control characters, which could steer a
// terminal. `what` is it or has it, for the error where it is longer than any that people or programs give.
std::string clean_name(const Source& source, const char* what, std::string_view name);

}  // namespace convstep::onnx
