// places.h: where the arrays of a run lie, so that little is copied.
#pragma once

#include "network/infer.h"
#include "network/memory.h"

namespace convstep::network {

// A part of a run: a node's step, or a copy of its one input to its one output.
struct Work {
  int node = -1;                         // -1: a copy
  std::vector<ValueId> inputs, outputs;  // kNoValue: left out
};

enum class PlaceKind {
  kNowhere,   // nobody reads it
  kConstant,  // where the graph has it
  kInput,     // in the caller's memory
  kOutput,    // the same
  kBlock,     // in a block of the arena
  kView       // with another value
};

// Where a value lies.
template <class T>
struct Place {
  PlaceKind kind = PlaceKind::kNowhere;
  int index = 0;                                          // of the input, output or block; of the value
  std::function<ArrayView<T>(const ArrayView<T>&)> view;  // of kView: of that value
};

// The values of the graph, followed by those of copies.
template <class T>
struct Places {
  std::vector<ValueInfo<T>> values;
  std::vector<Place<T>> places;
  std::vector<ValueId> roots;        // what each value is a view of, in the end: itself, where it is none
  std::vector<ValueId> bases_first;  // all that lie somewhere, each after the one that it is a view of
  std::vector<Work> works;
  std::vector<Block> blocks;
  std::vector<int> staging;  // for each input, the block for a dense copy of it, where that is needed; else -1
};

template <class T>
ValueId root_of(const Places<T>& places, ValueId id) {
  return places.roots[static_cast<size_t>(id)];
}

// Some address, for arrays whose strides alone matter.
inline void* somewhere() {
  static char bytes[64];
  return bytes;
}

// Decides, from the last node to the first where it can:
//   - what only looks at another value (Inferred::view) lies with it;
//   - an output of the graph lies in the caller's memory;
//   - the inputs of a Concat lie in their ranges of its output;
//   - what a step overwrites (Inferred::in_place_inputs) lies with its output.
// Else a value has a block of its own. Copies take over where a view wants an array that is dense and it is not, where
// an output of the graph lies elsewhere, and where an input of a Concat has to.
//
// Without `may_overwrite`, no step works in place: rows of a stream (stream.h) may be read again.
template <class T>
Places<T> find_places(const Graph<T>& graph, const InferredGraph<T>& inferred, bool may_overwrite = true);

}  // namespace convstep::network
