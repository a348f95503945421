#include "cli/completion.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "cli/commands.h"
#include "cli/options.h"

namespace convstep::cli {
namespace {

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

// The words in lower case of a type's name, and ":files" for FILE and DIR: see options.h.
std::vector<std::string> values_of(const CLI::Option& option) {
  std::vector<std::string> values;
  const std::string type = option.get_type_name();
  for (const std::string& word : CLI::detail::split(type, '|')) {
    const bool file = word.starts_with("FILE") || word == "DIR";
    const bool literal = !word.empty() && std::islower(static_cast<unsigned char>(word.front())) != 0;
    if (file) values.emplace_back(":files");
    if (literal) values.push_back(word);
  }
  return values;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_name().empty()) names.push_back(command->get_name());
  }
  return names;
}

const CLI::App* find_command(const CLI::App& app, const std::string& name) {
  const std::vector<std::string> names = commands_of(app);
  return std::find(names.begin(), names.end(), name) == names.end() ? nullptr : app.get_subcommand(name);
}

// The option that the word is, if it is one of the command.
const CLI::Option* find_option(const CLI::App& command, const std::string& word) {
  return word.starts_with('-') && word.size() > 1 ? command.get_option_no_throw(word) : nullptr;
}

// Is the word an option with its value, "--stride=2"?
bool has_value(const std::string& word) { return word.starts_with("--") && word.find('=') != std::string::npos; }

std::vector<const CLI::Option*> positionals_of(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

// Where the last word is no option and no option's value: the positional argument that it begins.
std::vector<std::string> positional_values(const CLI::App& command, const std::vector<std::string>& words) {
  size_t before = 0;
  for (size_t k = 1; k + 1 < words.size(); ++k) {
    const CLI::Option* option = find_option(command, words[k]);
    if (option != nullptr && takes_value(*option)) ++k;
    if (option == nullptr && !has_value(words[k])) ++before;
  }
  const std::vector<const CLI::Option*> positionals = positionals_of(command);
  if (positionals.empty()) return {};
  const bool repeated = positionals.back()->get_items_expected_max() > 1;
  if (before >= positionals.size() && !repeated) return {};
  return values_of(*positionals[std::min(before, positionals.size() - 1)]);
}

// Where the last word is "--option=" and the beginning of a value: the whole words that it may become.
std::vector<std::string> values_in_word(const CLI::App& command, const std::string& word) {
  const size_t value = word.find('=') + 1;
  const CLI::Option* option = find_option(command, word.substr(0, value - 1));
  if (option == nullptr || !takes_value(*option)) return {};
  std::vector<std::string> values = values_of(*option);
  for (std::string& text : values) {
    if (text != ":files") text.insert(0, word, 0, value);
  }
  return values;
}

std::vector<std::string> candidates(const CLI::App& app, const std::vector<std::string>& words) {
  const bool option = words.back().starts_with('-');
  const CLI::App* command = words.size() > 1 ? find_command(app, words.front()) : &app;
  if (command == nullptr) return {};
  if (command == &app) return option ? option_names(app) : commands_of(app);
  if (has_value(words.back())) return values_in_word(*command, words.back());
  const CLI::Option* before = find_option(*command, words[words.size() - 2]);
  if (words.size() > 2 && before != nullptr && takes_value(*before)) return values_of(*before);
  return option ? option_names(*command) : positional_values(*command, words);
}

}  // namespace

std::vector<std::string> completions(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.empty()) return {};
  std::vector<std::string> found = candidates(app, words);
  std::erase_if(found, [&](const std::string& word) { return word != ":files" && !word.starts_with(words.back()); });
  return found;
}

void add_completion(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("completion", "Print a script that lets a shell complete commands and options");
  const Choices<const char*> scripts{{"bash", kBashCompletion}, {"zsh", kZshCompletion}, {"fish", kFishCompletion}};
  add_choice(
      command, "SHELL", scripts, [](const std::string&, const char* script) { fmt::print("{}", script); },
      "The shell to print it for")
      ->required();
  add_example(command,
              "convstep completion bash > ~/.local/share/bash-completion/completions/convstep\n"
              "  source <(convstep completion bash)");
}

}  // namespace convstep::cli
