// pool_blocks.cc: how a pooling is cut into blocks for the threads, and what a block copies.
#include <algorithm>
#include <cstdint>

#include "core/threads.h"
#include "kernels/kernels.h"
#include "kernels/pool.h"
#include "layers/conv_io.h"
#include "layers/pool_call.h"

namespace convstep {
namespace {

// All of a block's memory; what a strip reads again and again, for the first level cache (32 to 48 KB), and what a row
// of windows reads, for the second (1 to 2 MB): windows read long runs, and fewer channels, for the first level, made
// 3x3 windows of stride 1 an eighth slower (192 channels at 28x28; Zen 4).
constexpr int64_t kScratchBytes = int64_t{1} << 20, kNearBytes = 44 << 10, kRowBytes = 256 << 10;
// Elements read: so few that a call stays on the caller's thread (some 20 microseconds); by a block, at least and at
// most.
constexpr int64_t kSmallCall = 1 << 18, kLeastWork = 1 << 15, kMostWork = 1 << 19;
// A block's channels fill cache lines.
constexpr int64_t kLineBytes = 64;
// From so many taps on, overlapping windows pay for their buffer.
constexpr int64_t kStripTaps = 16;
// Sums by column: a window at least so many times as wide as its stride, and so high.
constexpr int64_t kColumnSumOverlap = 5;
// 3x3 windows over channels enough for a vector of every target: averages at stride 1 are summed by column, too, and go
// by pairs of rows, as maxima do at stride 1 or 2. No more channels than always fit into the memory of a block.
constexpr int64_t kPairWindow = 3, kMostPairChannels = 4096;

bool overlaps(const WindowAxis& axis) { return axis.output > 1 && axis.window > axis.stride; }

// Rows beyond the image are made up by the nearest one, which costs work: a window may not be much larger than it.
bool is_moderate(const WindowAxis& axis) {
  return axis.dilation == 1 && axis.window <= 4 * axis.input && (axis.output == 1 || axis.stride <= 4 * axis.input);
}

template <class T>
bool is_summed_by_column(const PoolCall<T>& call) {
  const PoolOptions& options = call.options;
  if (options.mode == PoolMode::kMax || options.sum_order == SumOrder::kNumpy || options.dilation != Size2{1, 1}) {
    return false;
  }
  if (options.mode == PoolMode::kAverage && options.window == Size2{kPairWindow, kPairWindow} &&
      options.stride == Size2{1, 1} && call.output.shape(3) >= kernels::kLeastPairChannels) {
    return true;
  }
  const auto& [height, width] = call.geometry;
  return width.output > 1 && width.window / kColumnSumOverlap >= width.stride && height.window >= kColumnSumOverlap;
}

template <class T>
bool has_row_pairs(const PoolCall<T>& call) {
  const PoolOptions& options = call.options;
  const int64_t C = call.output.shape(3), stride = options.stride.height;
  if (C < kernels::kLeastPairChannels || kMostPairChannels < C || options.window != Size2{kPairWindow, kPairWindow} ||
      options.stride.width != stride || options.dilation != Size2{1, 1}) {
    return false;
  }
  return options.mode == PoolMode::kMax ? stride <= 2 && !call.indices : stride == 1 && is_summed_by_column(call);
}

template <class T>
PoolMethod choose_method(const PoolCall<T>& call) {
  const auto& [height, width] = call.geometry;
  if (has_row_pairs(call)) return PoolMethod::kRowPairs;
  if (call.options.mode != PoolMode::kMax) {
    return is_summed_by_column(call) ? PoolMethod::kStrips : PoolMethod::kWindows;
  }
  const bool pays = (overlaps(height) || overlaps(width)) && is_moderate(height) && is_moderate(width) &&
                    height.window * width.window >= kStripTaps;
  return pays && !call.indices ? PoolMethod::kStrips : PoolMethod::kWindows;
}

// The elements of the input that `outputs` positions from o on can read.
struct Span {
  int64_t first, count;
};
Span span_of(const WindowAxis& axis, int64_t o, int64_t outputs) {
  const int64_t reach = reach_on_input(axis), first = std::max<int64_t>(axis.source(o, 0), 0);
  const int64_t last =
      reach >= axis.input ? axis.input - 1 : std::min(axis.source(o + outputs - 1, 0) + reach, axis.input) - 1;
  return {first, last - first + 1};
}
int64_t longest_span(const WindowAxis& axis, int64_t outputs) {
  const int64_t reach = reach_on_input(axis);
  if (outputs - 1 > (axis.input - reach) / axis.stride) return axis.input;
  return (outputs - 1) * axis.stride + reach;
}

template <class U>
bool has_dense_pixels(const View<U, 4>& view) {
  return view.shape(3) == 1 || view.stride(3) == 1;
}

// Cuts one call.
template <class T>
class Cutter {
 public:
  explicit Cutter(const PoolCall<T>& call)
      : call_(call), method_(choose_method(call)), height_(call.geometry.height), width_(call.geometry.width) {
    copies_input_ = !has_dense_pixels(call.input);
    copies_output_ = !has_dense_pixels(call.output);
    copies_indices_ = call.indices && !has_dense_pixels(call.indices);
    taps_ = method_ != PoolMethod::kWindows
                ? double(std::min(height_.window, height_.input)) + double(std::min(width_.window, width_.input))
                : double(std::min(height_.window, height_.input)) * double(std::min(width_.window, width_.input));
  }

  BlockSize choose() {
    size_ = {1, width_.output, call_.output.shape(3)};
    if (method_ == PoolMethod::kStrips) size_.rows = kernels::kStripRows;
    if (method_ == PoolMethod::kRowPairs) size_.rows = kernels::kPairRows;
    size_.rows = std::min(size_.rows, height_.output);
    keep_near();
    shrink();
    grow();
    return size_;
  }

  PoolMethod method() const { return method_; }
  bool copies_input() const { return copies_input_; }
  bool copies_output() const { return copies_output_; }
  bool copies_indices() const { return copies_indices_; }

  int64_t input_copy(const BlockSize& size) const {
    if (!copies_input_) return 0;
    return longest_span(height_, size.rows) * longest_span(width_, size.columns) * size.channels;
  }
  int64_t output_copy(const BlockSize& size) const {
    return copies_output_ ? size.rows * size.columns * size.channels : 0;
  }
  int64_t index_copy(const BlockSize& size) const {
    if (!copies_indices_) return 0;
    return size.rows * size.columns * size.channels * static_cast<int64_t>(sizeof(int64_t) / sizeof(T));
  }
  int64_t scratch(const BlockSize& size) const {
    if (method_ == PoolMethod::kStrips)
      return strip_scratch(call_, size, longest_span(height_, size.rows), longest_span(width_, size.columns));
    return method_ == PoolMethod::kRowPairs ? row_pair_scratch(size) : kSumLevels * size.channels;
  }
  // In values, each part rounded up to a cache line.
  int64_t memory(const BlockSize& size) const {
    return line_up(input_copy(size)) + line_up(output_copy(size)) + line_up(index_copy(size)) + line_up(scratch(size));
  }
  static int64_t line_up(int64_t values) { return (values + kLine - 1) / kLine * kLine; }

 private:
  static constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
  static constexpr int64_t kSumLevels = 64;  // more than the halvings of any sum

  double work(const BlockSize& size) const { return double(size.rows * size.columns) * double(size.channels) * taps_; }

  bool fits() const {
    // Compared as floating-point numbers: copies of boundless windows could overflow.
    const double copy = copies_input_ ? double(longest_span(height_, size_.rows)) *
                                            double(longest_span(width_, size_.columns)) * double(size_.channels)
                                      : 0;
    return copy * sizeof(T) <= kScratchBytes && memory(size_) * static_cast<int64_t>(sizeof(T)) <= kScratchBytes;
  }

  // Half as many channels, whole cache lines of them.
  bool halve_channels() {
    if (size_.channels <= kLine) return false;
    size_.channels = line_up(size_.channels / 2);
    return true;
  }

  // So few channels that what windows share is still in the cache when the next row of windows comes.
  void keep_near() {
    if (method_ == PoolMethod::kRowPairs) {  // these want all channels
      while (size_.columns > 1 &&
             longest_span(height_, size_.rows) * longest_span(width_, size_.columns) * line_bytes(size_.channels) >
                 kRowBytes) {
        size_.columns = (size_.columns + 1) / 2;
      }
      return;
    }
    if (method_ == PoolMethod::kWindows && !overlaps(height_)) return;
    const bool strips = method_ == PoolMethod::kStrips;
    const int64_t columns = longest_span(width_, size_.columns);
    const int64_t rows = longest_span(height_, strips ? size_.rows : 1) + (strips ? 2 * kernels::kStripRows : 0);
    const int64_t least = strips ? kLine : 4 * kLine;
    const int64_t most = strips ? kNearBytes : kRowBytes;
    while (size_.channels > least && rows * columns * line_bytes(size_.channels) > most) {
      if (!halve_channels()) return;
    }
  }
  static int64_t line_bytes(int64_t values) { return line_up(values) * static_cast<int64_t>(sizeof(T)); }

  void shrink() {
    while (method_ != PoolMethod::kRowPairs && !fits() && halve_channels()) continue;
    while (!fits() && size_.columns > 1) size_.columns = (size_.columns + 1) / 2;
    while (!fits() && size_.channels > 1) size_.channels = (size_.channels + 1) / 2;
    if (!fits() && copies_input_) {  // one channel at a time needs no copy
      copies_input_ = false;
      size_.channels = 1;
    }
    while (work(size_) > kMostWork && size_.columns > 1) size_.columns = (size_.columns + 1) / 2;
    while (work(size_) > kMostWork && halve_channels()) continue;
  }

  void grow() {
    const int64_t step = size_.rows;
    const double most = std::clamp(double(kSmallCall), double(kLeastWork), double(kMostWork));
    while (size_.rows < height_.output) {
      BlockSize more = size_;
      more.rows = std::min(2 * size_.rows, height_.output);
      std::swap(more, size_);
      if (work(size_) <= most && fits()) continue;
      size_ = more;
      break;
    }
    size_.rows = std::max(size_.rows / step * step, step);
  }

  const PoolCall<T>& call_;
  const PoolMethod method_;
  const WindowAxis &height_, &width_;
  bool copies_input_, copies_output_, copies_indices_;
  double taps_;  // elements read for one output, about
  BlockSize size_{};
};

template <class T>
void scatter(const T* from, const View<T, 4>& to, const PoolBlock& block) {
  for (int64_t r = 0; r < block.rows; ++r) {
    T* row = &to(block.image, block.first_row + r, block.first_column, block.first_channel);
    for (int64_t c = 0; c < block.channels; ++c) {
      for (int64_t x = 0; x < block.columns; ++x) {
        row[x * to.stride(2) + c * to.stride(3)] = from[x * block.channels + c];
      }
    }
    from += block.columns * block.channels;
  }
}

template <class T>
void run_block(const PoolCall<T>& call, const Cutter<T>& cutter, const BlockSize& size, const PoolBlock& block,
               const PoolProgress& progress) {
  const View<const T, 4>& input = call.input;
  const View<T, 4>& output = call.output;
  const ThreadWorkspace workspace(static_cast<size_t>(cutter.memory(size)) * sizeof(T));
  T* memory = workspace.as<T>();
  const auto take = [&memory](int64_t values) {
    T* taken = memory;
    memory += Cutter<T>::line_up(values);
    return taken;
  };
  const Span rows = span_of(call.geometry.height, block.first_row, block.rows);
  const Span columns = span_of(call.geometry.width, block.first_column, block.columns);
  BlockViews<T> views{.input = &input(block.image, rows.first, columns.first, block.first_channel),
                      .row_step = input.stride(1),
                      .pixel_step = input.stride(2),
                      .first_row = rows.first,
                      .first_column = columns.first,
                      .rows = rows.count,
                      .columns = columns.count,
                      .output = &output(block.image, block.first_row, block.first_column, block.first_channel),
                      .output_row_step = output.stride(1),
                      .output_pixel_step = output.stride(2),
                      .indices = nullptr,
                      .index_row_step = 0,
                      .index_pixel_step = 0,
                      .scratch = nullptr};
  if (cutter.copies_input()) {
    T* packed = take(cutter.input_copy(size));
    const View<const T, 3> channels(&input(block.image, 0, 0, block.first_channel),
                                    {input.shape(1), input.shape(2), block.channels},
                                    {input.stride(1), input.stride(2), input.stride(3)});
    copy_padded(channels, rows.first, rows.count, columns.first, columns.count, packed);
    views.input = packed;
    views.pixel_step = block.channels;
    views.row_step = columns.count * block.channels;
  }
  if (cutter.copies_output()) {
    views.output = take(cutter.output_copy(size));
    views.output_pixel_step = block.channels;
    views.output_row_step = block.columns * block.channels;
  }
  if (call.indices) {
    views.indices = &call.indices(block.image, block.first_row, block.first_column, block.first_channel);
    views.index_row_step = call.indices.stride(1);
    views.index_pixel_step = call.indices.stride(2);
  }
  if (cutter.copies_indices()) {
    views.indices = reinterpret_cast<int64_t*>(take(cutter.index_copy(size)));
    views.index_pixel_step = block.channels;
    views.index_row_step = block.columns * block.channels;
  }
  views.scratch = memory;
  switch (cutter.method()) {
    case PoolMethod::kWindows:
      run_windows(call, block, views, progress);
      break;
    case PoolMethod::kStrips:
      run_strips(call, block, views);
      break;
    case PoolMethod::kRowPairs:
      run_row_pairs(call, block, views, progress);
      break;
  }
  if (cutter.copies_output()) scatter(views.output, output, block);
  if (cutter.copies_indices()) scatter(views.indices, call.indices, block);
}

int64_t pieces(int64_t length, int64_t piece) { return (length + piece - 1) / piece; }

}  // namespace

ProgressCallback PoolProgress::after_block() {
  if (!progress_) return {};
  return [this](int64_t done, int64_t total) {
    done_ = done;
    total_ = total;
    report();
  };
}

void PoolProgress::report() const {
  try {
    progress_(done_, total_);
  } catch (...) {
    is_stopped_ = true;
    throw;
  }
}

bool PoolProgress::keep_going() const {
  if (is_stopped_) return false;
  if (progress_ && std::this_thread::get_id() == caller_) report();
  return true;
}

template <class T>
void run_blocks(const PoolCall<T>& call) {
  kernels::choose_target();
  const auto [N, OH, OW, C] = call.output.shape();
  Cutter<T> cutter(call);
  const BlockSize size = cutter.choose();
  const int64_t high = pieces(OH, size.rows), wide = pieces(OW, size.columns), deep = pieces(C, size.channels);
  const int64_t blocks = N * high * wide * deep;
  const int64_t elements = call.input.size();
  const int allowed = resolve_threads(call.options.threads);  // throws, for small calls too
  const int threads = elements < kSmallCall ? 1 : allowed;
  PoolProgress progress(call.options.progress, blocks);
  const auto run_one = [&, channels = C, columns = OW, rows = OH](int64_t i) {
    const int64_t y = i % high * size.rows, c = i / high % deep * size.channels,
                  x = i / high / deep % wide * size.columns;
    const PoolBlock block{.image = i / high / deep / wide,
                          .first_row = y,
                          .rows = std::min(size.rows, rows - y),
                          .first_column = x,
                          .columns = std::min(size.columns, columns - x),
                          .first_channel = c,
                          .channels = std::min(size.channels, channels - c)};
    run_block(call, cutter, size, block, progress);
  };
  parallel_for(blocks, threads, progress.after_block(), run_one);
}

template void run_blocks(const PoolCall<float>&);
template void run_blocks(const PoolCall<double>&);

}  // namespace convstep
