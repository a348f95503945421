#include "conv/weights.h"

#include <algorithm>

#include "runtime/threads.h"

namespace convstep {

void internal::pack_in_parts(int threads, const ProgressCallback& progress, int64_t count, int64_t values_each,
                             Pack pack, const void* body) {
  constexpr int64_t kPart = int64_t{1} << 18;  // values: a millisecond where they lie apart, and worth a thread
  const int64_t at_a_time = std::max<int64_t>(kPart / std::max<int64_t>(values_each, 1), 1);
  const int64_t parts = divide_up(count, at_a_time);
  ProgressCallback report;
  if (parts > 1 && progress) report = [&progress](int64_t, int64_t) { progress(0, 1); };
  convstep::parallel_for(parts, threads_worth(double(count) * double(values_each), double(kPart), threads), report,
                         [&](int64_t part) { pack(body, part * at_a_time, std::min((part + 1) * at_a_time, count)); });
}

}  // namespace convstep
