#include "pool/regions.h"

#include <algorithm>
#include <cstdint>

#include "pool/norms.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

// Fewer reads than this (10 to 20 microseconds) do not pay for waking a thread.
constexpr double kReadsPerThread = 1 << 19;

template <class T>
RegionViews<T> views_in_place(const PoolCall<T>& call, const PoolCut<T>& cut, const OutputRegion& region) {
  const View<const T, 4>& input = call.input;
  const View<T, 4>& output = call.output;
  const View<int64_t, 4>& indices = call.indices;
  const WindowGeometry& geometry = call.problem.geometry;
  const RowRange rows = geometry.height.read_by({region.first_row, region.rows});
  const RowRange columns = geometry.width.read_by({region.first_column, region.columns});
  RegionViews<T> views{.input = &input(region.image, rows.first, columns.first, region.first_channel),
                       .row_step = input.stride(1),
                       .pixel_step = input.stride(2),
                       .first_row = rows.first,
                       .first_column = columns.first,
                       .rows = rows.count,
                       .columns = columns.count,
                       .output = &output(region.image, region.first_row, region.first_column, region.first_channel),
                       .output_row_step = output.stride(1),
                       .output_pixel_step = output.stride(2),
                       .indices = nullptr,
                       .index_row_step = indices.stride(1),
                       .index_pixel_step = indices.stride(2),
                       .scratch = nullptr,
                       .packs_rows = cut.packs_rows};
  if (indices) views.indices = &indices(region.image, region.first_row, region.first_column, region.first_channel);
  return views;
}

template <class T>
void copy_input(const View<const T, 4>& input, const OutputRegion& region, const TaskProgress& progress, T* packed,
                RegionViews<T>& views) {
  const View<const T, 3> channels = some_channels(input[region.image], region.first_channel, region.channels);
  constexpr int64_t kLongCopy = int64_t{1} << 20;  // values: some milliseconds where they lie apart
  const int64_t row_values = views.columns * region.channels, rows = std::max<int64_t>(kLongCopy / row_values, 1);
  for (int64_t row = 0; row < views.rows; row += rows) {
    if (row > 0 && !progress.keep_going()) break;
    copy_padded(channels, views.first_row + row, std::min(rows, views.rows - row), views.first_column, views.columns,
                packed + row * row_values);
  }
  views.input = packed;
  views.pixel_step = region.channels;
  views.row_step = views.columns * region.channels;
}

// The views of a region; copies, in `memory`, stand in for what cannot be used in place.
template <class T>
RegionViews<T> views_of(const PoolCall<T>& call, const PoolCut<T>& cut, const OutputRegion& region,
                        const TaskProgress& progress, void* memory) {
  RegionViews<T> views = views_in_place(call, cut, region);
  if (cut.layout.copies_input) copy_input(call.input, region, progress, cut.workspace.input.in(memory), views);
  if (cut.layout.copies_output) {
    views.output = cut.workspace.output.in(memory);
    views.output_pixel_step = region.channels;
    views.output_row_step = region.columns * region.channels;
  }
  if (cut.layout.copies_indices) {
    views.indices = cut.workspace.indices.in(memory);
    views.index_pixel_step = region.channels;
    views.index_row_step = region.columns * region.channels;
  }
  views.scratch = cut.workspace.scratch.in(memory);
  return views;
}

template <class U>
void scatter_region(const U* packed, const View<U, 4>& to, const OutputRegion& region) {
  U* first = &to(region.image, region.first_row, region.first_column, region.first_channel);
  scatter(packed, View<U, 3>(first, {region.rows, region.columns, region.channels},
                             {to.stride(1), to.stride(2), to.stride(3)}));
}

template <class T>
void run_region(const PoolCall<T>& call, const PoolCut<T>& cut, const OutputRegion& region,
                const TaskProgress& progress) {
  const ThreadWorkspace memory(cut.workspace.layout.bytes());
  const RegionViews<T> views = views_of(call, cut, region, progress, memory.data());
  cut.method->run(call, region, views, progress);
  const PoolOptions& options = call.problem.options;
  if (options.mode == PoolMode::kLp && options.p != 1) mend_norms(call, region, views, progress);
  if (cut.layout.copies_output) scatter_region(views.output, call.output, region);
  if (cut.layout.copies_indices) scatter_region(views.indices, call.indices, region);
}

}  // namespace

template <class T>
void run_regions(const PoolCall<T>& call, const PoolCut<T>& cut) {
  const int64_t N = call.output.shape(0), C = call.output.shape(3), channels = cut.size.channels;
  const RegionGrid grid(call.problem.geometry, call.rows, cut.size, {C, channels, divide_up(C, channels)},
                        cut.method->rows);
  const int64_t regions = N * grid.regions_per_image();
  const double reads = double(N) * cut.reads * double(call.rows.count) / double(call.problem.geometry.height.output);
  const int threads = threads_worth(reads, kReadsPerThread, call.threads);
  TaskProgress progress(call.progress, regions);
  parallel_for(regions, threads, progress.after_task(), [&](int64_t i) { run_region(call, cut, grid[i], progress); });
}

template void run_regions(const PoolCall<float>&, const PoolCut<float>&);
template void run_regions(const PoolCall<double>&, const PoolCut<double>&);

}  // namespace convstep
