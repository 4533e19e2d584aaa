// The plan as TypeScript hands it over: one array of numbers, and the names of the ops it uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace fovea {

/// Something is wrong with a plan or cannot be done; `step` says where, -1 if nowhere in particular.
struct PlanError : std::runtime_error {
  explicit PlanError(const std::string &what, int at = -1) : std::runtime_error(what), step(at) {}
  int step;
};

enum class DType : int { float32, bfloat16, int32, uint8, boolean };
inline size_t sizeOf(DType type) {
  return type == DType::float32 || type == DType::int32 ? 4 : (type == DType::bfloat16 ? 2 : 1);
}

enum class Source : int { temporary, feed, variable, constant };

struct ValueSpec {
  DType dtype;
  Source source;
  /// Which feed, variable or constant.
  int index;
  std::vector<int64_t> shape;
  int64_t count() const {
    int64_t n = 1;
    for (auto s : shape) n *= s;
    return n;
  }
};

struct StepSpec {
  int op;
  /// Depends on nothing that a run changes.
  bool hoisted;
  /// Output i takes over the memory of the input with this position, or -1.
  std::vector<int> inputs, outputs, inPlace;
  std::vector<double> attrs;
};

struct UpdateSpec {
  int variable, value;
};

struct Plan {
  std::vector<ValueSpec> values;
  std::vector<StepSpec> steps;
  std::vector<int> outputs;
  std::vector<UpdateSpec> updates;
  int feeds = 0;
};

/// Reads and checks: every index in range, every size sane, every value written before it is read.
Plan readPlan(const double *numbers, size_t count, size_t ops, size_t variables, size_t constants);

}  // namespace fovea
