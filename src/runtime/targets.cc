// targets.cc: which SIMD instructions the kernels use. Names are those that users know, not Highway's.
#include "runtime/targets.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <atomic>
#include <bit>
#include <cstdlib>
#include <string_view>

#include "convstep/error.h"
#include "convstep/runtime.h"

namespace convstep {
namespace {

// Tables of kernels have one entry where they are compiled for one target. Else they are in the order of Highway's
// bits, and the fallback comes last.
constexpr size_t table_index(int64_t bit) {
  constexpr bool kIsOnlyOne = HWY_IDE || (HWY_TARGETS & (HWY_TARGETS - 1)) == 0;
  const int64_t mask = HWY_CHOSEN_TARGET_SHIFT(bit) | HWY_CHOSEN_TARGET_MASK_SCALAR;
  return kIsOnlyOne ? 0 : static_cast<size_t>(std::countr_zero(static_cast<uint64_t>(mask)));
}

struct KnownTarget {
  constexpr KnownTarget(const char* name, int64_t highways_bit, int64_t vector_bytes)
      : target{name, vector_bytes, table_index(highways_bit)}, bit(highways_bit) {}
  kernels::Target target;
  int64_t bit;
};

constexpr KnownTarget kTargets[] = {
    // best first; src/CMakeLists.txt says which of Highway's these are
    {"avx512", HWY_AVX3, 64},    {"avx2", HWY_AVX2, 32},       {"sse4", HWY_SSE4, 16},
    {"neon", CONVSTEP_NEON, 16}, {"emulated", HWY_EMU128, 16}, {"scalar", HWY_SCALAR, 0},
};

// What this CPU can run, asked once, when the program is loaded (or earlier, by what another file does then). Asking
// makes Highway choose for all its users; DeInit() leaves the choice to the next of them, as it was.
int64_t supported_targets() {
  static std::atomic<int64_t> supported{0};
  if (const int64_t known = supported) return known;
  const int64_t asked = hwy::SupportedTargets();
  hwy::GetChosenTarget().DeInit();
  supported = asked;
  return asked;
}
[[maybe_unused]] const int64_t kAskedWhenLoaded = supported_targets();

// Compiled in and fit for this CPU.
bool is_usable(const KnownTarget& known) {
  // The fallback needs nothing of the CPU, and Highway does not list it where there is something better.
  return (known.bit & HWY_TARGETS) && (known.bit & (supported_targets() | HWY_STATIC_TARGET));
}

std::string quoted_list() {
  std::string list;
  for (const std::string& name : simd_targets()) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

// The name is empty for the best target.
const kernels::Target& find_target(const char* argument, std::string_view name) {
  for (const KnownTarget& known : kTargets) {
    if (is_usable(known) && (name.empty() || name == known.target.name)) return known.target;
  }
  throw ParameterError(argument, '"' + std::string(name) + '"', "one of " + quoted_list() + " on this machine");
}

// Without a mutex: another thread might hold it while this one forks, and would not exist in the child to let it go.
std::atomic<const kernels::Target*> chosen{nullptr};

}  // namespace

std::vector<std::string> simd_targets() {
  std::vector<std::string> names;
  for (const KnownTarget& known : kTargets) {
    if (is_usable(known)) names.emplace_back(known.target.name);
  }
  return names;
}

std::string simd_target() { return kernels::chosen_target().name; }

void set_simd_target(const std::string& name) { chosen = &find_target("target", name); }

const kernels::Target& kernels::chosen_target() {
  const Target* target = chosen;
  if (target) return *target;
  const char* forced = std::getenv("CONVSTEP_TARGET");
  const Target& first = find_target("CONVSTEP_TARGET", forced ? forced : "");
  return chosen.compare_exchange_strong(target, &first) ? first : *target;  // set_simd_target was faster
}

const kernels::Target& kernels::target_for_rows(const Target& target, int64_t bytes) {
  constexpr int64_t kShorter = 32;  // SSE4's of 16 do not fuse multiply-adds
  if (target.vector_bytes <= kShorter || bytes >= target.vector_bytes) return target;
  for (const KnownTarget& known : kTargets) {
    if (known.target.vector_bytes == kShorter && is_usable(known)) return known.target;
  }
  return target;
}

}  // namespace convstep
