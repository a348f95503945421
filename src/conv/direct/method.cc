// method.cc: the direct method. Weights are packed in panels; the output is cut into regions, each a task.
#include <algorithm>

#include "conv/direct/input.h"
#include "conv/direct/kernel.h"
#include "conv/methods.h"
#include "conv/staged_output.h"
#include "conv/weights.h"
#include "runtime/machine.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// What the input of a block may take of the workspace. Half of it shares a level-2 cache with a panel of
// weights.
constexpr int64_t kPatchBytes = kLevel2Bytes * 3 / 8;

// A block may take more than that where its first row alone takes much of it (dilated windows over many channels):
// three times the first row, for the rows that neighbouring blocks both copy should not outweigh the others.
constexpr int64_t kLeastRows = 3;

// An output that is no longer in any cache when the next layer reads it: several times a level-2 cache.
constexpr int64_t kFarBytes = 4 * kLevel2Bytes;

// Fewer products than this (some 15 microseconds) do not pay for waking a thread.
constexpr double kProductsPerThread = 1'000'000;

// Panels as wide as can be; but where the last vector is at most half full and that is of use, it is a panel of its
// own.
template <class T>
kernels::DirectPanels cut_into_panels(int64_t outputs, const kernels::DirectKernel<T>& kernel) {
  const int64_t vectors = divide_up(outputs, kernel.lanes), last = outputs - (vectors - 1) * kernel.lanes;
  int64_t count = divide_up(vectors, kernel.max_vectors);
  if (kernel.has_halves && last <= kernel.lanes / 2 && vectors % kernel.max_vectors == 0) ++count;
  return {kernel.lanes, vectors, count, vectors % count, vectors / count};
}

// How the output, or some rows of it, are cut: bands of at most `rows` rows and strips of at most `columns` columns of
// an image, or several images as a whole; and runs of panels. Not as tiling/cutter.h does it: the weights of a panel,
// which every band reads, count as much as the input, and the small images of a batch go together.
struct Cut {
  int64_t images, bands, rows, columns, panels;
};

template <class T>
class ConvDirect final : public ConvMethod<T> {
 public:
  ConvDirect(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        kernel_(kernels::direct_kernel<T>(this->target_)),
        panels_(cut_into_panels(problem.group_outputs(), kernel_)),
        weights_(pack(weights)),
        bias_(pack(weights.bias)),
        input_(problem, are_finite(weights, weights_)) {}

  void run(const ConvCall<T>& call) const override;
  int64_t row_step() const override { return 1; }
  std::string describe() const override {
    return "direct " + std::to_string(2 * kernel_.max_pixels) + "x" +
           std::to_string(panels_.first_vector(1) * panels_.lanes) + ", " + this->target_.name;
  }

 private:
  // Small images are copied as many at a time as kPatchBytes hold.
  size_t workspace_for(int64_t scratch_per_value) const override {
    const Cut cut = cut_for(1, problem_.geometry.height.output, 1, scratch_per_value);
    const TaskWorkspace<T> largest =
        workspace_of({cut.rows, cut.columns, problem_.group_outputs()}, 1, true, scratch_per_value);
    return std::max(static_cast<size_t>(kPatchBytes), largest.layout.bytes());
  }
  // Of a region of so many images.
  TaskWorkspace<T> workspace_of(const RegionSize& size, int64_t images, bool copy, int64_t scratch_per_value) const {
    return {copy ? images * input_.copied_values(size.rows, size.columns) : 0,
            size.rows * size.columns * size.channels * scratch_per_value};
  }
  int64_t group_width() const { return panels_.vectors * panels_.lanes; }
  Tensor<T, 1> pack(const ConvWeights<T>& weights) const;
  Tensor<T, 1> pack(const View<const T, 1>& bias) const;
  Cut cut_for(int64_t images, int64_t height, int threads, int64_t scratch_per_value) const;
  void spread(int64_t images, int64_t height, int threads, bool is_scattered, Cut& cut) const;
  // Panels first .. end - 1 of a group.
  struct Panels {
    int64_t group, first, end;
  };
  void run_region(const ConvCall<T>& call, OutputRegion region, int64_t images, const Panels& panels) const;

  ConvProblem problem_;
  kernels::DirectKernel<T> kernel_;
  kernels::DirectPanels panels_;
  Tensor<T, 1> weights_, bias_;
  DirectInput<T> input_;
};

template <class T>
Tensor<T, 1> ConvDirect<T>::pack(const ConvWeights<T>& weights) const {
  const int64_t window = problem_.window_size(), outputs = problem_.group_outputs();
  const int64_t channels = problem_.group_channels(), taps = window / channels;
  auto packed = Tensor<T, 1>::uninitialized({problem_.groups * group_width() * window});
  const auto pack_panel = [&](int64_t g, int64_t p, Indices some_taps, Indices some_channels) {
    const int64_t first = panels_.first_vector(p) * panels_.lanes, end = panels_.first_vector(p + 1) * panels_.lanes;
    const int64_t last = std::min(end, outputs);
    const PackedRows<T> panel{packed.data() + (g * group_width() + first) * window, end - first, channels};
    copy_rows<T>(weights.weights, some_taps, some_channels, {g * outputs + first, g * outputs + last}, panel);
    if (last == end) return;
    for (int64_t tap = some_taps.first; tap < some_taps.end; ++tap) {
      for (int64_t c = some_channels.first; c < some_channels.end; ++c) {
        std::fill(panel.at(tap, c) + last - first, panel.at(tap, c) + panel.row, T(0));
      }
    }
  };
  copy_in_parts(weights, taps, problem_.groups * channels, group_width(), [&](Indices some_taps, Indices rows) {
    for (int64_t c = rows.first; c < rows.end;) {
      const int64_t g = c / channels, next = std::min(rows.end, (g + 1) * channels);
      for (int64_t p = 0; p < panels_.count; ++p) {
        pack_panel(g, p, some_taps, {c - g * channels, next - g * channels});
      }
      c = next;
    }
  });
  return packed;
}

template <class T>
Tensor<T, 1> ConvDirect<T>::pack(const View<const T, 1>& bias) const {
  Tensor<T, 1> packed({problem_.groups * group_width()});
  for (int64_t o = 0; bias && o < problem_.outputs; ++o) {
    packed(o / problem_.group_outputs() * group_width() + o % problem_.group_outputs()) = start_of_sum(bias, o);
  }
  return packed;
}

template <class T>
Cut ConvDirect<T>::cut_for(int64_t images, int64_t height, int threads, int64_t scratch_per_value) const {
  const int64_t OW = problem_.geometry.width.output;
  const auto values = [&](int64_t rows, int64_t columns) {
    return input_.copied_values(rows, columns) + rows * columns * problem_.outputs * (1 + scratch_per_value);
  };
  constexpr int64_t kLimit = kWorkspaceLimit / static_cast<int64_t>(sizeof(T));
  const int64_t budget = kPatchBytes / static_cast<int64_t>(sizeof(T));
  Cut cut{1, height, 1, OW, panels_.count};
  const auto is_too_large = [&] {
    return values(1, cut.columns) > (cut.columns > kernel_.max_pixels ? budget : kLimit);
  };
  while (cut.columns > 1 && is_too_large()) cut.columns = divide_up(cut.columns, 2);
  const int64_t first_row = values(1, cut.columns), further_row = values(2, cut.columns) - first_row;
  const int64_t room = std::clamp<int64_t>(kLeastRows * first_row, budget, kLimit);
  cut.rows = std::min(height, 1 + std::max<int64_t>(room - first_row, 0) / further_row);
  spread(images, height, threads, scratch_per_value > 0, cut);
  if (cut.rows == problem_.geometry.height.output && cut.columns == OW && scratch_per_value == 0) {
    const int64_t per_thread = std::max<int64_t>(images / (threads > 1 ? threads * kTasksPerThread : 1), 1);
    cut.images = std::clamp<int64_t>(budget / values(height, OW), 1, per_thread);
  }
  return cut;
}

// Makes tasks for all threads, where there are too few: every band of rows reads all its weights, every run of panels
// reads (and copies) all its input, so the larger of the two is cut first.
template <class T>
void ConvDirect<T>::spread(int64_t images, int64_t height, int threads, bool is_scattered, Cut& cut) const {
  const int64_t OW = problem_.geometry.width.output;
  const bool weights_first = !is_scattered && weights_.size() / problem_.groups >
                                                  input_.copied_values(std::min(height, cut.rows), cut.columns);
  const int64_t tasks_per_thread = weights_first && input_.needs_copy() ? kTasksPerThread / 2 : kTasksPerThread;
  const int64_t wanted = threads > 1 ? threads * tasks_per_thread : 1;
  const int64_t across = images * divide_up(OW, cut.columns) * problem_.groups;
  const auto missing = [&] {
    const int64_t tasks = across * divide_up(height, cut.rows) * divide_up(panels_.count, cut.panels);
    return divide_up(wanted, tasks);
  };
  const auto cut_panels = [&] { cut.panels = divide_up(panels_.count, std::min(missing(), panels_.count)); };
  if (weights_first) cut_panels();
  const int64_t shortest = input_.needs_copy() ? std::min(2 * problem_.geometry.height.reach(), height) : 1;
  const int64_t fewest = divide_up(height, cut.rows), most = std::max(fewest, height / shortest);
  cut.bands = std::min(round_up(fewest * missing(), threads), most);
  cut.rows = divide_up(height, cut.bands);
  if (!weights_first) cut_panels();
}

// The region of `images` images, from its own on, and the outputs of some panels.
template <class T>
void ConvDirect<T>::run_region(const ConvCall<T>& call, OutputRegion region, int64_t images,
                               const Panels& panels) const {
  const auto& [height, width] = problem_.geometry;
  const bool copy = input_.needs_copy() || (call.input.stride(3) != 1 && problem_.channels > 1);
  const int64_t first = panels_.first_vector(panels.first) * panels_.lanes;
  const int64_t end = std::min(panels_.first_vector(panels.end) * panels_.lanes, problem_.group_outputs());
  region.first_channel = panels.group * problem_.group_outputs() + first;
  region.channels = end - first;
  const TaskWorkspace<T> workspace = workspace_of({region.rows, region.columns, region.channels}, images, copy,
                                                  StagedOutput<T>::scratch_per_value(call));
  const ThreadWorkspace memory(workspace.layout.bytes());

  const RegionInput<T> input = copy ? input_.copy(call, region, images, panels.group, workspace.patch.in(memory.data()))
                                    : input_.in_place(call, region, panels.group);
  const StagedOutput<T> output(call, region, workspace.scratch.in(memory.data()));
  const int64_t place = panels.group * group_width();
  kernel_.run({.input = input.data,
               .offset = input.offset,
               .row_step = height.stride / input.row_skip * input.row_step,
               .pixel_step = width.stride / input.pixel_skip * input.pixel_step,
               .tap_row_step = height.dilation * input.row_step,
               .tap_step = width.dilation * input.pixel_step,
               .window_rows = height.window,
               .window_columns = width.window,
               .channels = problem_.group_channels(),
               .parts = input_.parts().data(),
               .part_count = static_cast<int64_t>(input_.parts().size()),
               .weights = weights_.data() + place * problem_.window_size(),
               .bias = bias_.data() + place,
               .panels = panels_,
               .first_panel = panels.first,
               .end_panel = panels.end,
               .output = output.output(),
               .outputs = region.channels,
               .images = images,
               .first_row = region.first_row,
               .end_row = region.first_row + region.rows,
               .first_column = region.first_column,
               .end_column = region.first_column + region.columns,
               .image_step = input.image_step,
               .output_image_step = call.output.stride(0),
               .residual_image_step = call.residual ? call.residual.stride(0) : 0,
               .prefetches_output = call.output.size() * int64_t{sizeof(T)} > kFarBytes,
               .epilogue = output.epilogue(problem_)});
  output.commit();
}

template <class T>
void ConvDirect<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0);
  const int threads = threads_worth(double(N) * problem_.products(call.rows.count), kProductsPerThread, call.threads);
  const Cut cut = cut_for(N, call.rows.count, threads, StagedOutput<T>::scratch_per_value(call));
  const RegionGrid grid(problem_.geometry, call.rows, cut.bands, divide_up(problem_.geometry.width.output, cut.columns),
                        {problem_.outputs, problem_.outputs, 1});
  const int64_t places = divide_up(N, cut.images) * grid.regions_per_image();
  const int64_t runs = divide_up(panels_.count, cut.panels);
  parallel_for(places * problem_.groups * runs, threads, call.progress, [&](int64_t task) {
    const int64_t group = task / places % problem_.groups, first = task / places / problem_.groups * cut.panels;
    OutputRegion region = grid[task % places];
    region.image *= cut.images;  // counted in batches of them
    run_region(call, region, std::min(cut.images, N - region.image),
               {group, first, std::min(first + cut.panels, panels_.count)});
  });
}

bool direct_fits(const ConvProblem& problem) {
  const auto& [height, width] = problem.geometry;
  const double pixel =
      double(height.reach()) * double(width.reach()) * double(problem.group_channels());  // may exceed 63 bits
  return problem.has_countable_padding() && pixel * sizeof(double) * 2 <= kWorkspaceLimit;
}

}  // namespace

template <class T>
const ConvMethodKind<T> DirectMethod<T>::kKind{ConvAlgorithm::kDirect, Numerics::kFast, direct_fits, always,
                                               make_method<ConvDirect, T>};
template struct DirectMethod<float>;
template struct DirectMethod<double>;

}  // namespace convstep
