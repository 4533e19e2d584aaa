#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <sys/mman.h>

namespace fovea {

namespace {
constexpr size_t kAlign = 64, kLarge = size_t(2) << 20;
size_t roundUp(size_t n, size_t to) { return (n + to - 1) / to * to; }
}  // namespace

Block::Block(size_t bytes) : bytes_(roundUp(std::max<size_t>(bytes, 1), kAlign)) {
  if (bytes_ < kLarge) {
    void *p = nullptr;
    if (posix_memalign(&p, kAlign, bytes_) != 0) throw std::bad_alloc();
    std::memset(p, 0, bytes_);
    data_ = static_cast<char *>(p);
    return;
  }
  // Fresh pages are zero, and cost nothing before they are used.
  mapped_ = roundUp(bytes_, kLarge) + kLarge;
  void *p = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  mapping_ = p;
  data_ = reinterpret_cast<char *>(roundUp(reinterpret_cast<size_t>(p), kLarge));
#if defined(__linux__)
  madvise(data_, roundUp(bytes_, kLarge), MADV_HUGEPAGE);
#endif
}
Block::~Block() {
  if (mapping_ != nullptr) munmap(mapping_, mapped_);
  else std::free(data_);
}
Block::Block(Block &&other) noexcept { *this = std::move(other); }
Block &Block::operator=(Block &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

size_t planArena(const std::vector<std::unique_ptr<Buffer>> &buffers) {
  std::vector<Buffer *> order;
  for (const auto &b : buffers)
    if (b->home == Home::arena && b->first >= 0) order.push_back(b.get());
  std::stable_sort(order.begin(), order.end(), [](const Buffer *a, const Buffer *b) { return a->bytes > b->bytes; });
  std::vector<Buffer *> placed;  // by offset
  size_t total = 0;
  for (Buffer *b : order) {
    const size_t size = roundUp(std::max<size_t>(b->bytes, 1), kAlign);
    size_t at = 0;
    for (const Buffer *other : placed) {
      if (other->last < b->first || b->last < other->first) continue;
      if (other->offset >= at + size) break;
      at = std::max(at, other->offset + roundUp(std::max<size_t>(other->bytes, 1), kAlign));
    }
    b->offset = at;
    total = std::max(total, at + size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), b,
                                   [](const Buffer *x, const Buffer *y) { return x->offset < y->offset; }),
                  b);
  }
  return total;
}

}  // namespace fovea
