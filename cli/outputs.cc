#include "cli/outputs.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "cli/pipes.h"
#include "cli/warnings.h"
#include "convstep/error.h"
#include "convstep/image.h"
#include "io/file.h"

namespace convstep::cli {
namespace {

namespace fs = std::filesystem;

bool ends_in(const std::string& path, const std::string& extension) {
  if (path.size() <= extension.size()) return false;
  return std::equal(extension.begin(), extension.end(), path.end() - static_cast<int64_t>(extension.size()),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

std::string number_of(const struct stat& status) { return fmt::format("{}:{}", status.st_dev, status.st_ino); }

// Through symbolic links, also where they lead to a file that is not there yet.
fs::path follow_links(fs::path path) {
  constexpr int kMostLinks = 40;  // in a row: Linux's own limit
  std::error_code error;
  for (int k = 0; k < kMostLinks; ++k) {
    const fs::path link = fs::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / link;
  }
  return path;
}

// The same text for two names of one file: the file's own number where there is one, else its directory's number and
// its name in there.
std::string identity(const std::string& path, int standard_stream) {
  struct stat status;
  const bool standard = path == "-" || is_standard_output(path);
  if (standard && ::fstat(standard_stream, &status) == 0) return number_of(status);
  if (::stat(path.c_str(), &status) == 0) return number_of(status);
  const fs::path target = follow_links(path);
  const std::string directory = target.has_parent_path() ? target.parent_path().string() : ".";
  if (::stat(directory.c_str(), &status) == 0) return number_of(status) + "/" + target.filename().string();
  return fs::absolute(target).lexically_normal().string();
}

// "png:-" is a picture for the pipe "-", whose name cannot end in .png.
constexpr std::string_view kPicturePrefix = "png:";

bool is_picture_pipe(const std::string& path) {
  return path.starts_with(kPicturePrefix) && is_output_pipe(path.substr(kPicturePrefix.size()));
}

// The file or pipe that an output's name means.
std::string place_of(const std::string& path) {
  return is_picture_pipe(path) ? path.substr(kPicturePrefix.size()) : path;
}

void check_name(const NamedPath& output, Contents contents) {
  const auto& [argument, path] = output;
  if (is_terminal(place_of(path))) {
    const char* const what = contents == Contents::kPages ? "a page is not" : "neither an array nor a picture is";
    throw CLI::ValidationError(argument,
                               fmt::format("{} for a terminal: name a file, or redirect to a file or a pipe", what));
  }
  if (contents == Contents::kPages) {
    if (ends_in(path, ".html") || is_output_pipe(path)) return;
    throw CLI::ValidationError(argument, "\"" + path + "\" does not end in .html");
  }
  const bool picture = names_picture(path), pipe = is_output_pipe(path) && !picture;
  if (picture ? contents != Contents::kArrays : pipe) return;
  if (contents != Contents::kPictures && ends_in(path, ".npy")) return;
  const std::string hint = path.starts_with(kPicturePrefix)
                               ? "; " + std::string(kPicturePrefix) + " stands before the name of a pipe: png:-"
                               : "";
  const char* const expected = contents == Contents::kArrays     ? ".npy"
                               : contents == Contents::kPictures ? ".png"
                                                                 : ".npy or .png";
  throw CLI::ValidationError(argument, "\"" + path + "\" does not end in " + expected + hint);
}

// What is written to /dev/null may be written there twice.
bool keeps_what_it_gets(const std::string& path) { return path != "/dev/null"; }

// Writes into a pipe as the bytes come; saves into a file, which is put in place whole.
template <class Write, class Save>
void put(const std::string& place, const Write& write, const Save& save) {
  if (is_output_pipe(place)) {
    const OutputPipe pipe(place);
    write([&pipe](const void* bytes, int64_t count) { pipe.write(bytes, count); });
  } else {
    PrintedWarnings warnings;
    save(warnings.get());
  }
}

// Two of the paths that are one place: a usage error that names the second.
void check_distinct(const std::vector<NamedPath>& paths, int standard_stream, const std::string& why) {
  for (size_t second = 1; second < paths.size(); ++second) {
    for (size_t first = 0; first < second; ++first) {
      if (identity(paths[first].path, standard_stream) != identity(paths[second].path, standard_stream)) continue;
      throw CLI::ValidationError(paths[second].argument,
                                 fmt::format("\"{}\" is the same file as \"{}\" of {}: {}", paths[second].path,
                                             paths[first].path, paths[first].argument, why));
    }
  }
}

}  // namespace

bool names_picture(const std::string& path) { return ends_in(path, ".png") || is_picture_pipe(path); }

Outputs::Outputs(const std::vector<NamedPath>& inputs, const std::vector<NamedPath>& outputs, Contents contents) {
  std::vector<NamedPath> pipes, kept;
  for (const auto& [argument, path] : inputs) {
    if (const auto piped = find_input_pipe(path)) pipes.push_back({argument, piped->pipe});
  }
  check_distinct(pipes, STDIN_FILENO, "a pipe can be read once");
  for (const NamedPath& output : outputs) {
    if (output.path.empty()) continue;
    check_name(output, contents);
    const std::string place = place_of(output.path);
    quiet_ = quiet_ || is_standard_output(place);
    if (keeps_what_it_gets(place)) kept.push_back({output.argument, place});
  }
  check_distinct(kept, STDOUT_FILENO, "only one of them would be left");
}

void Outputs::say(const std::string& line) const {
  if (!quiet_) fmt::print("{}\n", line);
}

void Outputs::save(const std::string& name, const Array& array, const std::string& path) const {
  put(
      path, [&](const ByteWriter& write) { write_npy(write, array); },
      [&](Warnings* warnings) { save_npy(path, array, warnings); });
  const std::string shape = to_string(array.shape.data(), static_cast<int>(array.shape.size()));
  say(fmt::format("{} {} {} -> {}", name, shape, dtype_name(array.dtype), path));
}

template <class T>
void Outputs::save(const std::string& name, const Tensor<T, 4>& result, const std::string& path,
                   const PictureScale& scale) const {
  const Array array = to_array(result.view());
  if (!names_picture(path)) return save(name, array, path);
  const ValueRange range = scale.range_of(result);
  save_picture(scale.picture(name, result, range), path,
               fmt::format("{} {} {} -> {}, {:.6g} black and {:.6g} white", name, to_string(result.shape()),
                           dtype_name(array.dtype), path, range.low, range.high));
}

void Outputs::save_page(const std::string& page, const std::string& path, const std::string& line) const {
  const int64_t size = static_cast<int64_t>(page.size());
  put(
      path, [&](const ByteWriter& write) { write(page.data(), size); },
      [&](Warnings* warnings) {
        OutputFile file(path);
        file.write(page.data(), size);
        file.commit(warnings);
      });
  say(line);
}

void Outputs::save_picture(const Tensor<float, 4>& picture, const std::string& path, const std::string& line) const {
  const std::string place = place_of(path);
  put(
      place, [&](const ByteWriter& write) { write_png(write, picture); },
      [&](Warnings* warnings) { save_png(place, picture, warnings); });
  say(line);
}

template void Outputs::save(const std::string&, const Tensor<float, 4>&, const std::string&, const PictureScale&) const;
template void Outputs::save(const std::string&, const Tensor<double, 4>&, const std::string&,
                            const PictureScale&) const;

}  // namespace convstep::cli
