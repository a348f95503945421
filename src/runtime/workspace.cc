#include <atomic>
#include <cstdlib>
#include <new>
#include <utility>

#include "convstep/tensor.h"
#include "runtime/kept.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// What a thread keeps for its next ThreadWorkspace: nothing while one is there, but what those inside it have left.
// Another thread may only take it away, to give it back.
struct Place {
  std::atomic<ThreadWorkspace::Block*> kept{nullptr};
  std::atomic<bool> is_taken{true};
  Place* next = nullptr;
};

// Of all threads that there are, and of those that have ended, for others to come. A list without a lock: a child that
// was forked while another thread held one would wait for ever.
std::atomic<Place*> places{nullptr};

// Null where there is no memory.
Place* take_place() {
  for (Place* place = places; place; place = place->next) {
    if (!place->is_taken.exchange(true)) return place;
  }
  Place* const place = new (std::nothrow) Place;
  if (!place) return nullptr;
  place->next = places;
  while (!places.compare_exchange_weak(place->next, place)) continue;
  return place;
}

class KeptWorkspace {
 public:
  ~KeptWorkspace() {
    if (!place_) return;
    std::free(place_->kept.exchange(nullptr));
    place_->is_taken = false;
  }
  Place* place() const { return place_; }

 private:
  Place* const place_ = take_place();
};

Place* place_of_thread() {
  KeptWorkspace* const kept = kept_by_thread<KeptWorkspace>();
  return kept ? kept->place() : nullptr;
}

}  // namespace

ThreadWorkspace::ThreadWorkspace(size_t bytes) {
  if (Place* const place = place_of_thread()) block_ = place->kept.exchange(nullptr);
  if (block_ && bytes <= block_->size) return;
  std::free(block_);
  block_ = static_cast<Block*>(allocate_array(sizeof(Block) + bytes));
  if (!block_) throw std::bad_alloc();
  block_->size = bytes;
}

ThreadWorkspace::~ThreadWorkspace() {
  if (Place* const place = place_of_thread()) {
    Block* const other = place->kept.exchange(nullptr);
    if (other && other->size > block_->size) {
      place->kept = other;
    } else {
      place->kept = std::exchange(block_, other);
    }
  }
  std::free(block_);
}

void release_memory() {
  for (Place* place = places; place; place = place->next) std::free(place->kept.exchange(nullptr));
}

}  // namespace convstep
