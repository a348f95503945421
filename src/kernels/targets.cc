// targets.cc: which SIMD instructions the kernels use. Names are those that users know, not Highway's.
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "convstep/error.h"
#include "convstep/runtime.h"
#include "kernels/kernels.h"

namespace convstep {
namespace {

struct Target {
  const char* name;
  int64_t bit;  // Highway's
  int64_t vector_bytes;
};

constexpr Target kTargets[] = {
    // best first; src/kernels/CMakeLists.txt says which of Highway's these are
    {"avx512", HWY_AVX3, 64},    {"avx2", HWY_AVX2, 32},       {"sse4", HWY_SSE4, 16},
    {"neon", CONVSTEP_NEON, 16}, {"emulated", HWY_EMU128, 16}, {"scalar", HWY_SCALAR, 0},
};

// Compiled in and fit for this CPU.
bool is_usable(const Target& target) {
  // The fallback needs nothing of the CPU, and Highway does not list it where there is something better.
  return (target.bit & HWY_TARGETS) && (target.bit & (hwy::SupportedTargets() | HWY_STATIC_TARGET));
}

const Target* find_usable(const std::string& name) {
  for (const Target& target : kTargets) {
    if (is_usable(target) && name == target.name) return &target;
  }
  return nullptr;
}

std::string quoted_list() {
  std::string list;
  for (const std::string& name : simd_targets()) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

std::mutex chosen_mutex;  // of those that choose
std::atomic<const Target*> chosen{nullptr};

// The name is empty for the best target.
const Target& choose(const char* argument, const std::string& name) {
  const Target* target = find_usable(name.empty() ? simd_targets().front() : name);
  if (!target) throw ParameterError(argument, "\"" + name + "\"", "one of " + quoted_list() + " on this machine");
  hwy::GetChosenTarget().Update(target->bit);
  chosen = target;
  return *target;
}

// Without the mutex once there is a choice: another thread might hold it while this one forks, and would not exist in
// the child to let it go.
const Target& current() {
  if (const Target* target = chosen) return *target;
  const std::lock_guard<std::mutex> lock(chosen_mutex);
  if (const Target* target = chosen) return *target;
  const char* forced = std::getenv("CONVSTEP_TARGET");
  return choose("CONVSTEP_TARGET", forced ? forced : "");
}

}  // namespace

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const Target& target : kTargets) {
    if (is_usable(target)) names.emplace_back(target.name);
  }
  return names;
}

std::string simd_target() { return current().name; }

void set_simd_target(const std::string& name) {
  const std::lock_guard<std::mutex> lock(chosen_mutex);
  choose("target", name);
}

namespace kernels {
const char* choose_target() { return current().name; }
int64_t vector_bytes() { return current().vector_bytes; }
}  // namespace kernels

}  // namespace convstep
