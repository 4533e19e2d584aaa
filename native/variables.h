// Values that live between runs. A variable lies in the format that its first user wants.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "layout.h"
#include "memory.h"

namespace fovea {

struct Variable {
  ValueSpec spec;
  Md md;
  Block block;
  Buffer buffer;
  /// An executable relies on the format, or a primitive has chosen it; it stays.
  bool pinned = false;
};

struct Variables {
  std::vector<std::unique_ptr<Variable>> list;
  /// Changes whenever anybody writes; hoisted work is redone then.
  uint64_t generation = 1;
};

size_t byteSize(const ValueSpec &spec);
std::unique_ptr<Variable> makeVariable(const ValueSpec &spec);
/// Moves an unpinned variable to another format.
void relayout(Variable &variable, const Md &md, const dnnl::engine &engine);
/// To and from row-major memory of `byteSize` bytes.
void readVariable(const Variable &variable, void *to, const dnnl::engine &engine);
void writeVariable(Variable &variable, const void *from, const dnnl::engine &engine);

}  // namespace fovea
