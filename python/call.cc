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

// The four items of every "(a, b, c, d)" in `text`, in another order.
std::string reordered_tuples(const std::string& text, const int (&order)[4]) {
  static const std::regex tuple(R"(\((\w+), (\w+), (\w+), (\w+)\))");
  std::string format = "(";
  for (int i = 0; i < 4; ++i) format += (i ? ", $" : "$") + std::to_string(order[i]);
  return std::regex_replace(text, tuple, format + ")");
}

// The message in the order of a caller whose arrays have their channels second. Every shape of four axes in it is that
// of images, but for what is given and expected of the weights.
std::string nchw_message(const ArgumentError& error) {
  constexpr int kChannelsSecond[] = {1, 4, 2, 3};  // of N, H, W, C
  constexpr int kFiltersFirst[] = {4, 3, 1, 2};    // of KH, KW, C, O
  const std::string text = error.what();
  const std::string& argument = error.argument();
  if (argument == "padding") return text;  // its four numbers are no shape
  if (argument != "weights") return reordered_tuples(text, kChannelsSecond);
  const std::string expected = ", expected " + error.expected();
  const size_t hint = text.find(expected) + expected.size();
  return reordered_tuples(text.substr(0, hint), kFiltersFirst) + reordered_tuples(text.substr(hint), kChannelsSecond);
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
      {"the weights look like TensorFlow's of a depthwise convolution)",
       "write " + std::string(words.weights) + ".reshape(KH, KW, 1, -1)"}};
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
