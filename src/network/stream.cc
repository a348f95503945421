#include "network/stream.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>

namespace convstep::network {
namespace {

constexpr int kRows = 2;  // the axis, of (N, C, H, W)

// The same array from another element on, whether or not there is one.
template <class T>
ArrayView<T> moved(ArrayView<T> array, int64_t elements) {
  const uintptr_t bytes = static_cast<uintptr_t>(elements * element_size<T>(array.element));
  array.data = reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(array.data) + bytes);
  return array;
}

// The value as it would lie if its root lay at some address.
template <class T>
ArrayView<T> array_of(const Places<T>& places, ValueId id) {
  const Place<T>& place = places.places[static_cast<size_t>(id)];
  if (place.kind == PlaceKind::kView) return place.view(array_of(places, place.index));
  return dense_array(places.values[static_cast<size_t>(id)], somewhere());
}

template <class T>
bool is_constant(const Places<T>& places, ValueId id) {
  return id == kNoValue || places.places[static_cast<size_t>(root_of(places, id))].kind == PlaceKind::kConstant;
}

// Images whose rows are those of what they lie in, so that these come and go together.
template <class T>
bool has_rows_of_root(const Places<T>& places, ValueId id, int64_t images) {
  const ArrayView<T> array = array_of(places, id), root = array_of(places, root_of(places, id));
  if (array.shape.rank() != 4 || root.shape.rank() != 4) return false;
  const int64_t offset =
      (static_cast<const char*>(array.data) - static_cast<const char*>(root.data)) / element_size<T>(array.element);
  return array.shape[0] == images && root.shape[0] == images && array.shape[kRows] == root.shape[kRows] &&
         array.strides[0] == root.strides[0] && array.strides[kRows] == root.strides[kRows] && offset >= 0 &&
         offset < std::max<int64_t>(root.strides[kRows], 1);
}

// Does anything but the works first .. end - 1 use what lies in the root?
template <class T>
bool is_used_elsewhere(const Places<T>& places, ValueId root, int first, int end) {
  for (int w = 0; w < static_cast<int>(places.works.size()); ++w) {
    if (first <= w && w < end) continue;
    const Work& work = places.works[static_cast<size_t>(w)];
    for (const std::vector<ValueId>* ids : {&work.inputs, &work.outputs}) {
      for (const ValueId id : *ids) {
        if (id != kNoValue && root_of(places, id) == root) return true;
      }
    }
  }
  return false;
}

// Can the work compute rows, and lie its inputs, where they were written by the stream, so that it can?
template <class T>
bool can_go_on(const Places<T>& places, const Step<T>& step, const Work& work, const std::vector<ValueId>& written) {
  if (!step.of_rows || work.outputs.size() != 1 || work.outputs[0] == kNoValue) return false;
  const Dims& shape = places.values[static_cast<size_t>(work.outputs[0])].shape;
  if (shape.rank() != 4 || shape[kRows] < 2 || shape.count() == 0) return false;
  if (!has_rows_of_root(places, work.outputs[0], shape[0])) return false;
  return std::all_of(work.inputs.begin(), work.inputs.end(), [&](ValueId id) {
    if (is_constant(places, id) || has_rows_of_root(places, id, shape[0])) return true;
    return std::find(written.begin(), written.end(), root_of(places, id)) == written.end();
  });
}

// Rows of an array by whose elements, or rows of one, the output's are computed.
template <class T>
ArrayView<T> rows_of(ArrayView<T> array, const RowRange& rows, int64_t height) {
  const int axis = array.shape.rank() - 2;
  if (!array || axis < 0 || array.shape[axis] != height) return array;
  array = moved(array, rows.first * array.strides[axis]);
  array.shape[axis] = rows.count;
  return array;
}

}  // namespace

template <class T>
Stream<T>::Stream(const Places<T>& places, std::span<const Step<T>> steps, int first, int end)
    : first_(first),
      end_(end),
      images_(places.values[static_cast<size_t>(places.works[static_cast<size_t>(first)].outputs[0])].shape[0]) {
  for (int w = first; w < end; ++w) {
    const Work& work = places.works[static_cast<size_t>(w)];
    Part part{steps[static_cast<size_t>(w)].of_rows,
              {},
              argument(places, work.outputs[0]),
              places.values[static_cast<size_t>(work.outputs[0])].shape[kRows]};
    for (const ValueId id : work.inputs) part.inputs.push_back(argument(places, id));
    parts_.push_back(std::move(part));
  }
}

template <class T>
typename Stream<T>::Argument Stream<T>::argument(const Places<T>& places, ValueId id) {
  if (is_constant(places, id) || !has_rows_of_root(places, id, images_)) return {id, -1};
  const ValueId root = root_of(places, id);
  const auto same = std::find_if(roots_.begin(), roots_.end(), [&](const Root& other) { return other.id == root; });
  const int index = static_cast<int>(same - roots_.begin());
  if (same != roots_.end()) return {id, index};
  const Place<T>& place = places.places[static_cast<size_t>(root)];
  const ArrayView<T> array = array_of(places, root);
  const bool rows_follow = places.values[static_cast<size_t>(root)].order == channels_last();
  const bool holds_some =
      place.kind == PlaceKind::kBlock && rows_follow && !is_used_elsewhere(places, root, first_, end_);
  roots_.push_back({root, holds_some ? place.index : -1, array.strides[kRows] * element_size<T>(array.element), 0});
  return {id, index};
}

template <class T>
std::vector<int64_t> Stream<T>::rows_after(double share, const std::vector<int64_t>& done) const {
  std::vector<int64_t> after = done, needed(roots_.size(), 0);
  for (size_t p = parts_.size(); p-- > 0;) {
    const Part& part = parts_[p];
    const size_t root = static_cast<size_t>(part.output.root);
    const bool is_last = roots_[root].block < 0 || share == 1;
    int64_t rows = needed[root];
    if (is_last) rows = std::max(rows, static_cast<int64_t>(std::ceil(share * static_cast<double>(part.height))));
    rows = std::min((rows + part.step.step - 1) / part.step.step * part.step.step, part.height);
    if (rows <= done[p]) continue;
    after[p] = rows;
    for (size_t k = 0; k < part.inputs.size(); ++k) {
      if (part.inputs[k].root < 0) continue;
      int64_t& of_input = needed[static_cast<size_t>(part.inputs[k].root)];
      of_input = std::max(of_input, part.step.reads(k, {done[p], rows - done[p]}).end());
    }
  }
  return after;
}

// What parts still read or write from then on.
template <class T>
std::vector<RowRange> Stream<T>::rows_kept(const std::vector<int64_t>& done) const {
  std::vector<RowRange> kept(roots_.size());
  std::vector<int64_t> first(roots_.size(), std::numeric_limits<int64_t>::max()), end(roots_.size(), 0);
  for (size_t p = 0; p < parts_.size(); ++p) {
    const Part& part = parts_[p];
    const size_t root = static_cast<size_t>(part.output.root);
    first[root] = std::min(first[root], done[p]);
    end[root] = std::max(end[root], done[p]);
    if (done[p] == part.height) continue;
    for (size_t k = 0; k < part.inputs.size(); ++k) {
      if (part.inputs[k].root < 0) continue;
      int64_t& of_input = first[static_cast<size_t>(part.inputs[k].root)];
      of_input = std::min(of_input, part.step.reads(k, {done[p], 1}).first);
    }
  }
  for (size_t r = 0; r < roots_.size(); ++r) {
    if (roots_[r].block >= 0) kept[r] = {first[r], std::max<int64_t>(end[r] - first[r], 0)};
  }
  return kept;
}

template <class T>
void Stream<T>::plan_bands(int64_t bands) {
  bands_.clear();
  for (Root& root : roots_) root.most_rows = 0;
  std::vector<int64_t> done(parts_.size(), 0);
  for (int64_t b = 1; b <= bands; ++b) {
    Band band{{}, rows_kept(done)};
    const std::vector<int64_t> after = rows_after(double(b) / double(bands), done);
    for (size_t p = 0; p < parts_.size(); ++p) {
      band.rows.push_back({done[p], after[p] - done[p]});
      Root& root = roots_[static_cast<size_t>(parts_[p].output.root)];
      const int64_t first = band.kept[static_cast<size_t>(parts_[p].output.root)].first;
      root.most_rows = std::max(root.most_rows, after[p] - first);
    }
    bands_.push_back(std::move(band));
    done = after;
  }
}

template <class T>
void Stream<T>::change(std::span<Block> blocks) const {
  for (Block& block : blocks) {
    if (block.first > block.last) continue;
    if (first_ <= block.first && block.first < end_) block.first = first_;
    if (first_ <= block.last && block.last < end_) block.last = end_ - 1;
  }
  for (const Root& root : roots_) {
    if (root.block >= 0) blocks[static_cast<size_t>(root.block)].bytes = root.most_rows * root.row_bytes;
  }
}

// Rows that are kept move to the beginning of their block.
template <class T>
void Stream<T>::keep(const Band& before, const Band& band, std::span<const ArrayView<T>> arrays) const {
  for (size_t r = 0; r < roots_.size(); ++r) {
    const int64_t gone = band.kept[r].first - before.kept[r].first;
    if (roots_[r].block < 0 || gone == 0 || band.kept[r].count == 0) continue;
    char* data = static_cast<char*>(arrays[static_cast<size_t>(roots_[r].id)].data);
    std::memmove(data, data + gone * roots_[r].row_bytes,
                 static_cast<size_t>(band.kept[r].count * roots_[r].row_bytes));
  }
}

template <class T>
ArrayView<T> Stream<T>::of_image(std::span<const ArrayView<T>> arrays, const Argument& argument, int64_t image,
                                 const Band& band) const {
  if (argument.value == kNoValue) return {};
  ArrayView<T> array = arrays[static_cast<size_t>(argument.value)];
  const bool has_images = array.shape.rank() == 4 && array.shape[0] == images_;
  if (argument.root >= 0 && roots_[static_cast<size_t>(argument.root)].block >= 0) {
    array = moved(array, -band.kept[static_cast<size_t>(argument.root)].first * array.strides[kRows]);
  } else if (has_images) {
    array = moved(array, image * array.strides[0]);
  }
  if (has_images) array.shape[0] = 1;
  return array;
}

template <class T>
void Stream<T>::run(std::span<const ArrayView<T>> arrays, std::span<ArrayView<T>> arguments, const RunOptions& options,
                    std::span<double> seconds) const {
  using Clock = std::chrono::steady_clock;
  std::fill(seconds.begin(), seconds.end(), 0.0);
  const int64_t bands = static_cast<int64_t>(bands_.size());
  for (int64_t i = 0; i < images_ * bands; ++i) {
    const size_t b = static_cast<size_t>(i % bands);
    const Band& band = bands_[b];
    if (b > 0) keep(bands_[b - 1], band, arrays);
    const RunOptions of_part{options.threads, [&options, i, this, bands](int64_t, int64_t) {
                               if (options.progress) options.progress(i, images_ * bands);
                             }};
    for (size_t p = 0; p < parts_.size(); ++p) {
      if (band.rows[p].count == 0) continue;
      const Part& part = parts_[p];
      const size_t count = part.inputs.size();
      for (size_t k = 0; k < count; ++k) arguments[k] = of_image(arrays, part.inputs[k], i / bands, band);
      arguments[count] = of_image(arrays, part.output, i / bands, band);
      const Clock::time_point begin = Clock::now();
      part.step.run(band.rows[p], {arguments.first(count), arguments.subspan(count, 1)}, of_part);
      if (p < seconds.size()) seconds[p] += std::chrono::duration<double>(Clock::now() - begin).count();
    }
  }
}

template <class T>
std::vector<Stream<T>> find_streams(const Places<T>& places, std::span<const Step<T>> steps, int64_t few_bytes) {
  const auto bytes_alive_before = [&](int work) {
    int64_t bytes = 0;
    for (const Block& block : places.blocks) bytes += block.first < work && work <= block.last ? block.bytes : 0;
    return bytes;
  };
  std::vector<Stream<T>> streams;
  const int works = static_cast<int>(places.works.size());
  for (int first = 0, end; first < works; first = std::max(end, first + 1)) {
    std::vector<ValueId> written;
    int64_t images = -1;
    for (end = first; end < works; ++end) {
      const Work& work = places.works[static_cast<size_t>(end)];
      if (!can_go_on(places, steps[static_cast<size_t>(end)], work, written)) break;
      if (end > first && bytes_alive_before(end) <= few_bytes) break;
      const int64_t now = places.values[static_cast<size_t>(work.outputs[0])].shape[0];
      if (images >= 0 && now != images) break;
      images = now;
      written.push_back(root_of(places, work.outputs[0]));
    }
    if (end - first > 1) streams.emplace_back(places, steps, first, end);
  }
  return streams;
}

template <class T>
RowStep<T> by_element(const Step<T>& step) {
  RowStep<T> of_rows;
  of_rows.reads = [](size_t, const RowRange& rows) { return rows; };
  of_rows.run = [run = step.run](const RowRange& rows, const StepArrays<T>& arrays, const RunOptions& options) {
    std::array<ArrayView<T>, kMostInputsByElement> inputs;
    const int64_t height = arrays.outputs[0].shape[kRows];
    for (size_t k = 0; k < arrays.inputs.size(); ++k) inputs[k] = rows_of(arrays.inputs[k], rows, height);
    const ArrayView<T> output = rows_of(arrays.outputs[0], rows, height);
    run({std::span<const ArrayView<T>>(inputs.data(), arrays.inputs.size()), {&output, 1}}, options);
  };
  return of_rows;
}

template class Stream<float>;
template class Stream<double>;
template std::vector<Stream<float>> find_streams(const Places<float>&, std::span<const Step<float>>, int64_t);
template std::vector<Stream<double>> find_streams(const Places<double>&, std::span<const Step<double>>, int64_t);
template RowStep<float> by_element(const Step<float>&);
template RowStep<double> by_element(const Step<double>&);

}  // namespace convstep::network
