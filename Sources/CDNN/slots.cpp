/* oneDNN puts a primitive's arguments into a hash table each time it runs it, and its threads make small objects: pieces
 * of memory that are released as soon as it is done, and that its C interface cannot be given. So that a network that
 * runs takes nothing from the heap, they come from slots set aside for them. C++ lets a program replace `operator new`
 * and `operator delete`; these are the usual ones but for small pieces that a thread asks for between cdnn_slots_begin
 * and cdnn_slots_end, or as one of OpenMP's at work meanwhile. They may be kept for as long as anybody likes, and
 * released by any thread. */
#include "internal.h"
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <new>

namespace {

constexpr std::size_t slot_bytes = 256, group_slots = 64, group_count = 16;

alignas(64) unsigned char slots[group_count][group_slots][slot_bytes];
/* A bit for each slot of a group: whether it is taken. */
std::atomic<std::uint64_t> taken[group_count];
std::atomic<unsigned> threads;
thread_local int running;
std::atomic<int> all_running; /* on all threads */

/* Beyond their size for other memory. */
std::size_t offset_in_slots(const void *memory) {
  return reinterpret_cast<std::uintptr_t>(memory) - reinterpret_cast<std::uintptr_t>(slots);
}

void *take_slot() {
  /* Threads begin in different groups, so that they seldom meet. */
  thread_local unsigned first = threads.fetch_add(1, std::memory_order_relaxed);
  for (unsigned i = 0; i < group_count; i++) {
    unsigned group = (first + i) % group_count;
    std::uint64_t free = ~taken[group].load(std::memory_order_relaxed);
    while (free) {
      int slot = __builtin_ctzll(free);
      std::uint64_t bit = std::uint64_t(1) << slot;
      std::uint64_t before = taken[group].fetch_or(bit, std::memory_order_acquire);
      if (!(before & bit))
        return slots[group][slot];
      free = ~before;
    }
  }
  return nullptr;
}

bool is_running() {
  if (running > 0)
    return true;
  if (all_running.load(std::memory_order_relaxed) == 0)
    return false;
  /* OpenMP's, which knows its threads at work; null where there is none. */
  static int (*const in_parallel)() = reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "omp_in_parallel"));
  return in_parallel && in_parallel();
}

} // namespace

extern "C" void cdnn_slots_begin(void) {
  running++;
  all_running.fetch_add(1, std::memory_order_relaxed);
}

extern "C" void cdnn_slots_end(void) {
  running--;
  all_running.fetch_sub(1, std::memory_order_relaxed);
}

extern "C" int cdnn_slots_hold(const void *memory) { return offset_in_slots(memory) < sizeof slots; }

void *operator new(std::size_t size) {
#if !defined(__SANITIZE_ADDRESS__) && !(defined(__has_feature) && __has_feature(address_sanitizer))
  if (size <= slot_bytes && is_running())
    if (void *memory = take_slot())
      return memory;
#endif
  for (;;) {
    if (void *memory = std::malloc(size ? size : 1))
      return memory;
    std::new_handler handler = std::get_new_handler();
    if (!handler)
      throw std::bad_alloc();
    handler();
  }
}

void operator delete(void *memory) noexcept {
  std::size_t offset = offset_in_slots(memory);
  if (offset >= sizeof slots) {
    std::free(memory);
    return;
  }
  std::size_t slot = offset / slot_bytes;
  std::uint64_t bit = std::uint64_t(1) << (slot % group_slots);
  taken[slot / group_slots].fetch_and(~bit, std::memory_order_release);
}

void operator delete(void *memory, std::size_t) noexcept { operator delete(memory); }
