#include <cstdlib>
#include <new>
#include <utility>

#include "convstep/tensor.h"
#include "runtime/kept.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// What the thread keeps for its next ThreadWorkspace: nothing while one is there, but what those inside it have left.
struct KeptWorkspace {
  ~KeptWorkspace() { std::free(memory); }
  void* memory = nullptr;
  size_t size = 0;
};

}  // namespace

ThreadWorkspace::ThreadWorkspace(size_t bytes) {
  if (KeptWorkspace* const kept = kept_by_thread<KeptWorkspace>()) {
    std::swap(memory_, kept->memory);
    std::swap(size_, kept->size);
  }
  if (bytes <= size_) return;
  std::free(memory_);
  memory_ = allocate_array(bytes);
  if (!memory_) throw std::bad_alloc();
  size_ = bytes;
}

ThreadWorkspace::~ThreadWorkspace() {
  KeptWorkspace* const kept = kept_by_thread<KeptWorkspace>();
  if (kept && size_ > kept->size) {
    std::swap(memory_, kept->memory);
    std::swap(size_, kept->size);
  }
  std::free(memory_);
}

}  // namespace convstep
