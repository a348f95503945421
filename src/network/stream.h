// stream.h: works that run band by band, so that memory holds some rows at a time of what lies between them.
//
// Convolutions, poolings and operations by element that follow one another take turns: each computes as many rows as
// those after it need for their next ones. Rows that nobody needs any more make room. Bits are those of whole images,
// as RowStep promises.
#pragma once

#include "network/operation.h"
#include "network/places.h"

namespace convstep::network {

// The works first .. end - 1 of a program.
template <class T>
class Stream {
 public:
  // `steps` are those of all works.
  Stream(const Places<T>& places, std::span<const Step<T>> steps, int first, int end);
  // Before anything below: in how many bands the works run. May be called again, for another number.
  void plan_bands(int64_t bands);

  int first() const { return first_; }
  int end() const { return end_; }
  // The lives and sizes that blocks have where the works run so.
  void change(std::span<Block> blocks) const;
  // `arrays` are those of all values, of which blocks may hold some rows alone; `arguments` has room for those of any
  // work. Where there is a place for them, `seconds` become those of each work.
  void run(std::span<const ArrayView<T>> arrays, std::span<ArrayView<T>> arguments, const RunOptions& options,
           std::span<double> seconds) const;

 private:
  // What several values lie in.
  struct Root {
    ValueId id;
    int block = -1;  // where it holds some rows alone
    int64_t row_bytes = 0, most_rows = 0;
  };
  struct Argument {
    ValueId value;  // kNoValue: left out
    int root;       // -1: no image
  };
  struct Part {
    RowStep<T> step;
    std::vector<Argument> inputs;
    Argument output;
    int64_t height;
  };
  struct Band {
    std::vector<RowRange> rows;  // that each part computes
    std::vector<RowRange> kept;  // of each root, from the bands before
  };

  Argument argument(const Places<T>& places, ValueId id);
  // How many rows each part is to have computed after a band, of which this is the part `share` of the whole.
  std::vector<int64_t> rows_after(double share, const std::vector<int64_t>& done) const;
  std::vector<RowRange> rows_kept(const std::vector<int64_t>& done) const;
  void keep(const Band& before, const Band& band, std::span<const ArrayView<T>> arrays) const;
  ArrayView<T> of_image(std::span<const ArrayView<T>> arrays, const Argument& argument, int64_t image,
                        const Band& band) const;

  int first_, end_;
  int64_t images_;
  std::vector<Root> roots_;
  std::vector<Part> parts_;
  std::vector<Band> bands_;
};

// All works that may be part of a stream. One ends where whole arrays of at most so many bytes are alive, for the next
// one begins there with rows of its own: behind poolings and strides, a row depends on ever more of the first layers'
// rows. With 0 bytes, streams are as long as can be.
template <class T>
std::vector<Stream<T>> find_streams(const Places<T>& places, std::span<const Step<T>> steps, int64_t few_bytes);

// Of an operation by element whose output has images, and that has at most so many inputs.
inline constexpr size_t kMostInputsByElement = 16;
template <class T>
RowStep<T> by_element(const Step<T>& step);

}  // namespace convstep::network
