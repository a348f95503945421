#include "cli/usage.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "cli/near.h"
#include "cli/options.h"

namespace convstep::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_name().empty(); });
}

std::vector<std::string> names_of(const std::vector<const CLI::App*>& commands) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  return names;
}

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Does the word end as files do that the command reads?
bool is_name_of_file(const std::string& word) {
  const size_t end = word.find('.');
  return end != std::string::npos && std::isalpha(static_cast<unsigned char>(word[end + 1])) != 0;
}

// The first argument that nobody took, and the command that was to take it.
struct Unknown {
  const CLI::App* app = nullptr;
  std::string word;
};

Unknown first_unknown(const CLI::App& app) {
  std::vector<const CLI::App*> asked{&app};
  for (const CLI::App* command : app.get_subcommands()) asked.push_back(command);
  for (const CLI::App* command : asked) {
    for (const std::string& word : command->remaining(false)) {
      if (word != "--") return {command, word};
    }
  }
  return {};
}

// CLI11's words for an option that takes one value and is there more than once.
std::string explain_repeated(const std::string& message) {
  const size_t at = message.find(": At Most 1 required but received ");
  if (at == std::string::npos) return message;
  return message.substr(0, at) + ": is given " + message.substr(message.rfind(' ') + 1) + " times, where one is meant";
}

std::string explain_option(const CLI::App& app, const Unknown& unknown) {
  const std::string name = unknown.word.substr(0, unknown.word.find('='));
  const std::string message = "unknown option " + name;
  if (exists(unknown.word)) {
    return message + "; the file of that name is written ./" + unknown.word + ", or after --";
  }
  const std::vector<std::string> known = option_names(*unknown.app);
  const std::string theirs = other_word(name, known);
  if (!theirs.empty()) return message + "; did you mean " + theirs + "?";
  std::vector<const CLI::App*> owners = commands_of(app);
  std::erase_if(owners, [&](const CLI::App* command) { return command->get_option_no_throw(name) == nullptr; });
  if (!owners.empty()) {
    const std::string all = joined(names_of(owners), ", ");
    const bool early = unknown.app == &app;
    return message + "; it is an option of " + all + (early ? " and comes after the command's name" : "");
  }
  // With one dash too few, too.
  const std::string near = did_you_mean(name.starts_with("--") ? name : "-" + name, known);
  if (!near.empty()) return message + near;
  if (is_name_of_file(name)) {
    return message + "; a file whose name begins with a dash is written ./" + unknown.word + ", or after --";
  }
  const std::string command = (unknown.app == &app ? "" : app.get_name() + " ") + unknown.app->get_name();
  return message + "; " + command + " --help shows those that there are";
}

std::string explain_word(const CLI::App& app, const Unknown& unknown) {
  if (unknown.word.starts_with('-') && unknown.word.size() > 1) return explain_option(app, unknown);
  if (unknown.app != &app) return "unexpected argument \"" + unknown.word + "\"";
  const std::vector<std::string> names = names_of(commands_of(app));
  const std::string near = did_you_mean(unknown.word, names);
  return "unknown command " + unknown.word + (near.empty() ? "; there are " + joined(names, ", ") : near);
}

// "help" as "--help", "help conv" as "conv --help"; a command that there is not is as wrong as without help.
std::vector<std::string> asked_for_help(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.size() == 1) return {"--help"};
  const std::vector<std::string> names = names_of(commands_of(app));
  if (std::find(names.begin(), names.end(), arguments[1]) == names.end()) return {arguments[1]};
  return {arguments[1], "--help"};
}

}  // namespace

std::vector<std::string> checked_arguments(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (!arguments.empty() && arguments.front() == "help") arguments = asked_for_help(app, arguments);
  bool positional = false;
  for (size_t k = 0; k < arguments.size(); ++k) {
    std::string& argument = arguments[k];
    if (argument.empty()) {
      const bool value = k > 0 && !positional && arguments[k - 1].starts_with('-');
      throw CLI::ValidationError(value ? arguments[k - 1] : "an argument", "is empty, where a value is needed");
    }
    positional = positional || argument == "--";
    if (!positional && argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      throw CLI::ValidationError(argument.substr(0, argument.size() - 1), "is empty, where a value is needed");
    }
    // CLI11 takes the dash before a member's name for that of an option, ...
    if (!positional && argument.starts_with("-:")) argument.replace(0, 1, "/dev/stdin");
    // ... and the brackets for those of a list. (Numbers behind an option are no file, and keep theirs for the
    // message.)
    const bool numbers = k > 0 && arguments[k - 1].starts_with("--") &&
                         argument.find_first_not_of("[]0123456789-, ") == std::string::npos;
    if (argument.front() == '[' && argument.back() == ']' && !numbers) argument.insert(0, "./");
  }
  return arguments;
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const Unknown unknown = first_unknown(app);
  if (unknown.app != nullptr) return explain_word(app, unknown);
  const bool none = error.get_name() == "RequiredError" && app.get_subcommands().empty();
  if (none) return "a command is needed: " + joined(names_of(commands_of(app)), ", ");
  return explain_repeated(error.what());
}

}  // namespace convstep::cli
