#include <cstdlib>
#include <new>
#include <utility>

#include "convstep/tensor.h"
#include "core/threads.h"

namespace convstep {
namespace {

// What the thread keeps for its next ThreadWorkspace: nothing while one is there, but what those inside it have left.
struct KeptWorkspace {
  ~KeptWorkspace() { std::free(memory); }
  void* memory = nullptr;
  size_t size = 0;
};
thread_local KeptWorkspace kept_workspace;

}  // namespace

ThreadWorkspace::ThreadWorkspace(size_t bytes) {
  std::swap(memory_, kept_workspace.memory);
  std::swap(size_, kept_workspace.size);
  if (bytes <= size_) return;
  std::free(memory_);
  memory_ = allocate_array(bytes);
  if (!memory_) throw std::bad_alloc();
  size_ = bytes;
}

ThreadWorkspace::~ThreadWorkspace() {
  if (size_ > kept_workspace.size) {
    std::swap(memory_, kept_workspace.memory);
    std::swap(size_, kept_workspace.size);
  }
  std::free(memory_);
}

}  // namespace convstep
