// blocks.cc: the blocks of a pooling as the tasks of the threads, and what a block copies.
#include <algorithm>
#include <cstdint>

#include "pool/cut.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer reads than this (10 to 20 microseconds) do not pay for waking a thread.
constexpr double kReadsPerThread = 1 << 19;

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

template <class T>
BlockViews<T> views_in_place(const PoolCall<T>& call, const PoolCut& cut, const PoolBlock& block) {
  const auto& [input, output, indices, geometry, given, options, target] = call;
  const Span rows = span_of(geometry.height, block.first_row, block.rows);
  const Span columns = span_of(geometry.width, block.first_column, block.columns);
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
                      .index_row_step = indices.stride(1),
                      .index_pixel_step = indices.stride(2),
                      .scratch = nullptr,
                      .packs_rows = cut.packs_rows};
  if (indices) views.indices = &indices(block.image, block.first_row, block.first_column, block.first_channel);
  return views;
}

template <class T>
void copy_input(const View<const T, 4>& input, const PoolBlock& block, const BlockProgress& progress, T* packed,
                BlockViews<T>& views) {
  const View<const T, 3> channels(&input(block.image, 0, 0, block.first_channel),
                                  {input.shape(1), input.shape(2), block.channels},
                                  {input.stride(1), input.stride(2), input.stride(3)});
  constexpr int64_t kLongCopy = int64_t{1} << 20;  // values: some milliseconds where they lie apart
  const int64_t row_values = views.columns * block.channels, rows = std::max<int64_t>(kLongCopy / row_values, 1);
  for (int64_t row = 0; row < views.rows; row += rows) {
    if (row > 0 && !progress.keep_going()) break;
    copy_padded(channels, views.first_row + row, std::min(rows, views.rows - row), views.first_column, views.columns,
                packed + row * row_values);
  }
  views.input = packed;
  views.pixel_step = block.channels;
  views.row_step = views.columns * block.channels;
}

// The views of a block; copies, in `memory`, stand in for what cannot be used in place.
template <class T>
BlockViews<T> views_of(const PoolCall<T>& call, const PoolCut& cut, const PoolBlock& block,
                       const BlockProgress& progress, T* memory) {
  const auto take = [&memory](int64_t values) {
    T* taken = memory;
    memory += round_up(values, kLineValues<T>);
    return taken;
  };
  BlockViews<T> views = views_in_place(call, cut, block);
  if (cut.input_copy > 0) copy_input(call.input, block, progress, take(cut.input_copy), views);
  if (cut.output_copy > 0) {
    views.output = take(cut.output_copy);
    views.output_pixel_step = block.channels;
    views.output_row_step = block.columns * block.channels;
  }
  if (cut.index_copy > 0) {
    views.indices = reinterpret_cast<int64_t*>(take(cut.index_copy));
    views.index_pixel_step = block.channels;
    views.index_row_step = block.columns * block.channels;
  }
  views.scratch = memory;
  return views;
}

// In values, each part rounded up to a cache line.
template <class T>
int64_t memory_of(const PoolCut& cut) {
  int64_t values = 0;
  for (const int64_t part : {cut.input_copy, cut.output_copy, cut.index_copy, cut.scratch}) {
    values += round_up(part, kLineValues<T>);
  }
  return values;
}

template <class U>
void scatter_block(const U* packed, const View<U, 4>& to, const PoolBlock& block) {
  U* first = &to(block.image, block.first_row, block.first_column, block.first_channel);
  scatter(packed,
          View<U, 3>(first, {block.rows, block.columns, block.channels}, {to.stride(1), to.stride(2), to.stride(3)}));
}

template <class T>
void run_block(const PoolCall<T>& call, const PoolCut& cut, const PoolBlock& block, const BlockProgress& progress) {
  const ThreadWorkspace memory(static_cast<size_t>(memory_of<T>(cut)) * sizeof(T));
  const BlockViews<T> views = views_of(call, cut, block, progress, memory.as<T>());
  switch (cut.method) {
    case PoolMethod::kWindows:
      run_windows(call, block, views, progress);
      break;
    case PoolMethod::kStrips:
      run_strips(call, block, views, progress);
      break;
    case PoolMethod::kRowPairs:
      run_row_pairs(call, block, views, progress);
      break;
  }
  if (call.options.mode == PoolMode::kLp && call.options.p != 1) mend_norms(call, block, views, progress);
  if (cut.output_copy > 0) scatter_block(views.output, call.output, block);
  if (cut.index_copy > 0) scatter_block(views.indices, call.indices, block);
}

}  // namespace

template <class T>
void run_blocks(const PoolCall<T>& call) {
  const auto [N, OH, OW, C] = call.output.shape();
  const PoolCut cut = cut_pool(call);
  const BlockSize& size = cut.size;
  const int64_t high = divide_up(OH, size.rows), wide = divide_up(OW, size.columns), deep = divide_up(C, size.channels);
  const int64_t blocks = N * high * wide * deep;
  const int threads = threads_worth(cut.reads, kReadsPerThread, resolve_threads(call.options.threads));
  BlockProgress progress(call.options.progress, blocks);
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
    run_block(call, cut, block, progress);
  };
  parallel_for(blocks, threads, progress.after_block(), run_one);
}

template void run_blocks(const PoolCall<float>&);
template void run_blocks(const PoolCall<double>&);

}  // namespace convstep
