// A plan made ready: primitives built, memory placed.
#pragma once

#include <dnnl.h>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "variables.h"

namespace fovea {

struct Step {
  std::function<void()> run;
  std::vector<Buffer *> reads, writes;
  /// Position in the plan.
  int spec;
  std::string kernel;
};

/// A oneDNN memory object and where its bytes come from.
struct BoundMemory {
  dnnl::memory memory;
  Buffer *buffer;
};

struct ConstantData {
  /// Elements of the value's type, or one number for all.
  std::vector<char> bytes;
  double splat = 0;
  bool isSplat = false;
};

class Executable {
 public:
  /// Throws PlanError.
  Executable(Plan plan, std::vector<std::string> ops, std::vector<ConstantData> constants,
             std::shared_ptr<Variables> variables, dnnl::engine engine);

  /// Feeds and outputs are row-major. `micros`, if any, gets the time of every step.
  void run(const std::vector<char *> &feeds, const std::vector<char *> &outputs, std::vector<double> *micros);

  const Plan &plan() const { return plan_; }
  const std::vector<std::string> &ops() const { return ops_; }
  size_t arenaBytes() const { return arena_.bytes(); }
  size_t feedBytes(int feed) const { return feedBytes_[size_t(feed)]; }
  size_t outputBytes(size_t i) const { return byteSize(plan_.values[size_t(plan_.outputs[i])]); }
  const std::vector<Step> &hoisted() const { return hoisted_; }
  const std::vector<Step> &steps() const { return steps_; }

 private:
  friend class Builder;
  void place();
  void runSteps(const std::vector<Step> &steps, double *micros);

  Plan plan_;
  std::vector<std::string> ops_;
  std::vector<ConstantData> constants_;
  std::shared_ptr<Variables> variables_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<std::unique_ptr<Block>> constantBlocks_;
  std::vector<std::unique_ptr<BoundMemory>> memories_;
  std::vector<BoundMemory *> feedMemories_;
  std::vector<Buffer *> feeds_, results_;
  std::vector<size_t> feedBytes_;
  std::vector<Step> hoisted_, steps_;
  Block arena_;
  uint64_t seen_ = 0;
  bool writes_ = false;
};

}  // namespace fovea
