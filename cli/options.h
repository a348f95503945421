// options.h: options that several commands share, spelled alike everywhere.
//
// In the name of an option's type, words in lower case are what may be written, words in capitals stand for something:
// "none|relu", "N|H,W", "FILE". --help shows it, and shells complete by it (completion.h).
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/near.h"
#include "convstep/npy.h"

namespace convstep::cli {

// One number for both axes, or "HEIGHT,WIDTH".
Size2 parse_size(const std::string& option, const std::string& text);

// Target is Size2, or std::optional of it.
template <class Target>
CLI::Option* add_size(CLI::App& command, const std::string& name, Target& size, const std::string& help) {
  const auto parse = [name, &size](const std::string& text) { size = parse_size(name, text); };
  return command.add_option_function<std::string>(name, parse, help)->type_name("N|H,W");
}

// --pad or --padding: one number for every side, two for height and width, or four for top, bottom, left, right.
CLI::Option* add_pad_option(CLI::App& command, Padding& padding);

// --pad or --padding: these, or valid, same (which is same_upper), same_upper, same_lower.
CLI::Option* add_padding_option(CLI::App& command, Padding& padding);

// --dtype float32|float64.
void add_dtype_option(CLI::App& command, std::optional<Dtype>& dtype);

// --threads: at most so many, 1 to kMaxThreads.
void add_threads_option(CLI::App& command, Count& threads);

// --memory: at most so many bytes, "256MB", for what lies between the inputs and outputs of a network.
void add_memory_option(CLI::App& command, int64_t& bytes);

// An array or a picture to read.
CLI::Option* add_input(CLI::App& command, const std::string& name, std::string& path, const std::string& help);

// -o, --output: the name of an .npy file, of a .png picture, or of a pipe (outputs.h).
CLI::Option* add_output_option(CLI::App& command, std::string& path);

// An option that names an .npy file, or a pipe, for an array.
CLI::Option* add_array_output(CLI::App& command, const std::string& name, std::string& path, const std::string& help);

// The example at the end of a command's --help.
void add_example(CLI::App& command, const std::string& example);

// All long options of a command: "--stride".
std::vector<std::string> option_names(const CLI::App& command);

// "none|relu|tanh", and "none, relu, tanh".
std::string joined(const std::vector<std::string>& words, const std::string& between);

// An option that is one of some words, each of which stands for a value: `choose` gets both.
template <class Value>
using Choices = std::vector<std::pair<std::string, Value>>;

template <class Value, class Function>
CLI::Option* add_choice(CLI::App& command, const std::string& name, const Choices<Value>& choices, Function choose,
                        const std::string& help) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  const auto parse = [name, choices, words, choose](const std::string& text) {
    for (const auto& [word, value] : choices) {
      if (word == text) return choose(word, value);
    }
    throw CLI::ValidationError(name,
                               "\"" + text + "\" is not one of " + joined(words, ", ") + did_you_mean(text, words));
  };
  return command.add_option_function<std::string>(name, parse, help)->type_name(joined(words, "|"));
}

}  // namespace convstep::cli
