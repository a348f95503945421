// numpy_text_bridge.cc: prints arrays for the Python tests.
//
// A request on standard input is, little-endian and without gaps:
//   int64 x 7  kind, rank, precision, threshold, edge_items, line_width, suppress
//              kind: 0 float, 1 double, 2 int64, 3 uint64, 4 bool; + 10 for the one element as a scalar, + 20 for the
//              mean of a float or double array
//   int64 x rank  the shape, then the elements
// The answer on standard output is the length of the text as int64, then the text. Ends with the input.
#include <cstdio>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "notebook/numpy_mean.h"
#include "notebook/numpy_text.h"

namespace {

using convstep::cli::PrintOptions;

template <class T>
bool read(T* values, size_t count) {
  return std::fread(values, sizeof(T), count, stdin) == count;
}

enum Task { kArray, kScalar, kMean };

template <class T>
std::string answer(const std::vector<int64_t>& shape, Task task, const PrintOptions& options) {
  size_t count = 1;
  for (const int64_t length : shape) count *= static_cast<size_t>(length);
  const auto elements = std::make_unique<T[]>(count);
  if (!read(elements.get(), count)) return "the input ends too early";
  if (task == kScalar) return convstep::cli::numpy_scalar_text(elements[0]);
  if constexpr (std::is_floating_point_v<T>) {
    if (task == kMean) {
      return convstep::cli::numpy_scalar_text(convstep::cli::numpy_mean<T>({elements.get(), count}));
    }
  }
  return convstep::cli::numpy_text<T>({elements.get(), count}, shape, options);
}

std::string answer(int64_t kind, const std::vector<int64_t>& shape, const PrintOptions& options) {
  const Task task = static_cast<Task>(kind / 10);
  switch (kind % 10) {
    case 0:
      return answer<float>(shape, task, options);
    case 1:
      return answer<double>(shape, task, options);
    case 2:
      return answer<int64_t>(shape, task, options);
    case 3:
      return answer<uint64_t>(shape, task, options);
    default:
      return answer<bool>(shape, task, options);
  }
}

}  // namespace

int main() {
  int64_t request[7];
  while (read(request, 7)) {
    std::vector<int64_t> shape(static_cast<size_t>(request[1]));
    if (!read(shape.data(), shape.size())) return 1;
    const PrintOptions options{.precision = request[2],
                               .threshold = request[3],
                               .edge_items = request[4],
                               .line_width = request[5],
                               .suppress = request[6] != 0};
    const std::string text = answer(request[0], shape, options);
    const int64_t length = static_cast<int64_t>(text.size());
    std::fwrite(&length, sizeof length, 1, stdout);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  }
}
