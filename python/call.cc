#include "python/call.h"

#include <cxxabi.h>
#include <unistd.h>

#include <chrono>
#include <regex>
#include <string>
#include <string_view>
#include <utility>

namespace convstep::python {
namespace {

using Clock = std::chrono::steady_clock;

// Often enough to seem immediate, rarely enough that taking the GIL costs nothing.
constexpr std::chrono::milliseconds kBetweenLooks{50};

// Runs take(), which waits for the GIL. Once the interpreter is shutting down, Python before 3.14 lets no other thread
// have it and ends the thread instead, by unwinding its stack; where C++ forbids that, in a destructor, the process
// aborts. So such a thread waits here until the process is gone, which is what Python does from 3.14 on.
template <class Take>
auto take_gil(Take take) {
#ifdef __GLIBCXX__
  try {
    return take();
  } catch (const abi::__forced_unwind&) {
    while (true) pause();
  }
#else
  return take();
#endif
}

// The state of this thread where it gave up the GIL.
thread_local PyThreadState* released_state = nullptr;

// Takes back, for as long as it lives, the GIL that this thread gave up (progress is reported on the caller's thread).
// PyGILState_Ensure would look the thread's state up in a table that is gone once the interpreter shuts down.
class GilHeld {
 public:
  GilHeld() {
    take_gil([] { PyEval_RestoreThread(released_state); });
  }
  ~GilHeld() { released_state = PyEval_SaveThread(); }
  GilHeld(const GilHeld&) = delete;
  GilHeld& operator=(const GilHeld&) = delete;
};

std::string python_name(const std::string& argument, const Words& words) {
  const std::pair<const char*, const char*> names[] = {
      {"input", words.input},   {"weights", words.weights}, {"weights (KH, KW)", words.weights_window},
      {"window", words.window}, {"padding", words.padding}, {"output", words.output}};
  for (const auto& [library, python] : names) {
    if (argument == library) return python;
  }
  return argument;
}

// The four items of every "(a, b, c, d)" in `text`, in another order: that of images after the word "input", and else
// the one given.
constexpr int kChannelsSecond[] = {2, 5, 3, 4};  // of "input ", N, H, W, C
constexpr int kFiltersFirst[] = {5, 4, 2, 3};    // of "input ", KH, KW, C, O
std::string reordered_tuples(const std::string& text, const int (&others)[4]) {
  static const std::regex tuple(R"((input )?\((\w+), (\w+), (\w+), (\w+)\))");
  std::string result;
  auto rest = text.begin();
  for (std::sregex_iterator found(text.begin(), text.end(), tuple), end; found != end; ++found) {
    const std::smatch& match = *found;
    result.append(rest, match[0].first).append(match[1].str());
    const char* before = "(";
    for (const int item : match[1].matched ? kChannelsSecond : others) {
      result.append(before).append(match[item].str());
      before = ", ";
    }
    result += ")";
    rest = match[0].second;
  }
  return result.append(rest, text.end());
}

// The message in the order of a caller whose arrays have their channels second, without what the library suspects of
// the order that it sees.
std::string nchw_message(const ArgumentError& error) {
  std::string text = error.what();
  const std::string& argument = error.argument();
  if (argument == "padding") return text;  // its four numbers are no shape
  for (const char* look : {" (it looks like ", " (the arrays look like ", " (the weights look like "}) {
    text = text.substr(0, text.find(look));
  }
  return reordered_tuples(text, argument == "weights" || argument == "groups" ? kFiltersFirst : kChannelsSecond);
}

// What to write where the library says what order the arrays look like: the end of its message, and what Python adds.
std::string advice(const std::string& message, const Words& words) {
  const std::string images = words.input + std::string(".transpose(0, 2, 3, 1)");
  const std::string filters = words.weights + std::string(".transpose(2, 3, 1, 0)");
  const bool has_layout = words.input == std::string_view(kEcosystemWords.input);
  const std::pair<std::string_view, std::string> all[] = {
      {"and (O, C, KH, KW))", has_layout ? "use layout=\"NCHW\"" : "write " + images + " and " + filters},
      {"it looks like (O, C, KH, KW))", "write " + filters},
      {"it looks like (N, C, H, W))", "write " + images},
      {"the images look like (N, C, H, W))", has_layout ? "use layout=\"NCHW\"" : "write " + images},
      {"the weights look like (O, C, KH, KW))", (has_layout ? "use layout=\"NCHW\" or " : "write ") + filters}};
  constexpr std::string_view kByItself = "to filter each by itself, ";  // for which the notebook has no argument
  const size_t by_itself = message.find(kByItself);
  if (by_itself != std::string::npos && !has_layout) {
    return std::string(message).insert(by_itself + kByItself.size(), "use conv2d: ");
  }
  for (const auto& [end, text] : all) {
    if (message.ends_with(end)) return message.substr(0, message.size() - 1) + ": " + text + ")";
  }
  return message;
}

}  // namespace

GilReleased::GilReleased() { released_state = PyEval_SaveThread(); }
GilReleased::~GilReleased() {
  take_gil([] { PyEval_RestoreThread(released_state); });
}

ProgressCallback interruptible() {
  return [](int64_t, int64_t) {
    thread_local Clock::time_point next = Clock::now() + kBetweenLooks;
    if (Clock::now() < next) return;
    const GilHeld held;
    next = Clock::now() + kBetweenLooks;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
  };
}

void raise_value_error(const ArgumentError& error, const Words& words) {
  const std::string message = words.layout == Layout::kNHWC ? advice(error.what(), words) : nchw_message(error);
  throw nb::value_error((python_name(error.argument(), words) + message.substr(error.argument().size())).c_str());
}

}  // namespace convstep::python
