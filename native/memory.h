// Memory of a program: one arena planned by liveness, and blocks that outlive a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace fovea {

/// Zeroed, page-aligned memory with large pages where the system has them.
class Block {
 public:
  Block() = default;
  explicit Block(size_t bytes);
  ~Block();
  Block(const Block &) = delete;
  Block &operator=(const Block &) = delete;
  Block(Block &&other) noexcept;
  Block &operator=(Block &&other) noexcept;
  char *data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  char *data_ = nullptr;
  size_t bytes_ = 0;
  /// What the system gave, alignment included; nothing for small blocks.
  void *mapping_ = nullptr;
  size_t mapped_ = 0;
};

enum class Home { arena, feed, variable, constant };

/// A piece of memory with a lifetime, both ends included, in positions of the schedule.
struct Buffer {
  Home home = Home::arena;
  size_t bytes = 0;
  int first = -1, last = -1;
  /// Must keep its contents from its first write on, for ever.
  bool lasting = false;
  /// Readers still to be scheduled; decides whether one may write over it.
  int pending = 0;
  char *data = nullptr;
  size_t offset = 0;
};

/// Gives every arena buffer an offset; returns the arena's size. Greedy by size, lowest gap that fits
/// (Pisarchyk and Lee 2020, section 5).
size_t planArena(const std::vector<std::unique_ptr<Buffer>> &buffers);

}  // namespace fovea
