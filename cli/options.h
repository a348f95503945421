// options.h: options that several commands share, spelled alike everywhere.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "convstep/npy.h"

namespace convstep::cli {

// "2,3" -> {2, 3}. Throws CLI::ValidationError, naming the option, where a part is no integer of 64 bits.
std::vector<int64_t> parse_integers(const std::string& option, const std::string& text);

// One number for both axes, or "HEIGHT,WIDTH".
CLI::Option* add_size(CLI::App& command, const std::string& name, Size2& size, const std::string& help);

// --pad: one number for every side, two for height and width, or four for top, bottom, left, right.
CLI::Option* add_pad_option(CLI::App& command, Padding& padding);

// --pad, or --padding valid|same_upper|same_lower; not both.
void add_padding_options(CLI::App& command, Padding& padding);

// --dtype float32|float64.
void add_dtype_option(CLI::App& command, std::optional<Dtype>& dtype);

// --threads: at most so many, 1 to kMaxThreads.
void add_threads_option(CLI::App& command, int& threads);

// -o, --output: the name of an .npy file.
CLI::Option* add_output_option(CLI::App& command, std::string& path);

// The name ends in `extension`: checked so that no array ends up in a file called .png. For CLI::Option::check.
CLI::Validator ends_in(const std::string& extension);

// The example at the end of a command's --help.
void add_example(CLI::App& command, const std::string& example);

}  // namespace convstep::cli
