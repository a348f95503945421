// workspace_layout.h: what a task keeps in its thread's workspace. One object says how much memory that takes and where
// in it each piece lies.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/machine.h"

namespace convstep {

// Values of type T from a place in a workspace on.
template <class T>
class Piece {
 public:
  Piece() = default;
  explicit Piece(size_t offset) : offset_(offset) {}
  T* in(void* workspace) const { return reinterpret_cast<T*>(static_cast<std::byte*>(workspace) + offset_); }

 private:
  size_t offset_ = 0;
};

class WorkspaceLayout {
 public:
  // Room for so many values, from a cache line on.
  template <class T>
  Piece<T> add(int64_t values) {
    const Piece<T> piece(bytes_);
    bytes_ += (static_cast<size_t>(values) * sizeof(T) + kCacheLine - 1) / kCacheLine * kCacheLine;
    return piece;
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

}  // namespace convstep
