#include "plan.h"

#include <algorithm>
#include <cmath>

namespace fovea {

namespace {

constexpr int64_t kMaxElements = int64_t(1) << 40;

class Reader {
 public:
  Reader(const double *at, size_t count) : at_(at), end_(at + count) {}
  double real() {
    if (at_ == end_) throw PlanError("the plan ends too early");
    return *at_++;
  }
  int64_t whole(int64_t low, int64_t high) {
    const double x = real();
    if (!(x >= double(low) && x <= double(high)) || x != std::floor(x)) {
      throw PlanError("the plan has " + std::to_string(x) + " where a whole number from " + std::to_string(low) +
                      " to " + std::to_string(high) + " belongs");
    }
    return int64_t(x);
  }
  /// A length: what follows must still be there.
  size_t length() { return size_t(whole(0, int64_t(end_ - at_) + 1)); }
  bool done() const { return at_ == end_; }

 private:
  const double *at_, *end_;
};

ValueSpec readValue(Reader &in, size_t variables, size_t constants) {
  ValueSpec v;
  v.dtype = DType(in.whole(0, 4));
  v.source = Source(in.whole(0, 3));
  const int64_t limit = v.source == Source::variable ? int64_t(variables)
                        : v.source == Source::constant ? int64_t(constants)
                                                       : 1 << 20;
  v.index = int(in.whole(0, limit - (v.source == Source::temporary ? 0 : 1)));
  const size_t rank = in.length();
  if (rank > 12) throw PlanError("a value has more than 12 axes");
  int64_t count = 1;
  for (size_t i = 0; i < rank; i++) {
    v.shape.push_back(in.whole(0, kMaxElements));
    if (v.shape.back() > kMaxElements / count) throw PlanError("a value is too large");
    count *= std::max<int64_t>(v.shape.back(), 1);
  }
  return v;
}

}  // namespace

Plan readPlan(const double *numbers, size_t count, size_t ops, size_t variables, size_t constants) {
  Reader in(numbers, count);
  Plan plan;
  plan.feeds = int(in.whole(0, 1 << 20));
  const size_t values = in.length();
  for (size_t i = 0; i < values; i++) {
    plan.values.push_back(readValue(in, variables, constants));
    const auto &v = plan.values.back();
    if (v.source == Source::feed && v.index >= plan.feeds) throw PlanError("a value is fed from nowhere");
  }
  std::vector<char> known(values);
  for (size_t i = 0; i < values; i++) known[i] = plan.values[i].source != Source::temporary;
  const size_t steps = in.length();
  for (size_t i = 0; i < steps; i++) {
    StepSpec step;
    step.op = int(in.whole(0, int64_t(ops) - 1));
    step.hoisted = in.whole(0, 1) != 0;
    for (size_t n = in.length(); n > 0; n--) {
      const int id = int(in.whole(-1, int64_t(values) - 1));
      if (id >= 0 && !known[size_t(id)]) throw PlanError("a value is read before it is written", int(i));
      step.inputs.push_back(id);
    }
    for (size_t n = in.length(); n > 0; n--) {
      const int id = int(in.whole(0, int64_t(values) - 1));
      if (known[size_t(id)]) throw PlanError("a value is written twice", int(i));
      known[size_t(id)] = 1;
      step.outputs.push_back(id);
      step.inPlace.push_back(int(in.whole(-1, int64_t(step.inputs.size()) - 1)));
      if (step.inPlace.back() >= 0 && step.inputs[size_t(step.inPlace.back())] < 0)
        throw PlanError("a value takes over nothing", int(i));
    }
    for (size_t n = in.length(); n > 0; n--) step.attrs.push_back(in.real());
    plan.steps.push_back(std::move(step));
  }
  for (size_t n = in.length(); n > 0; n--) plan.outputs.push_back(int(in.whole(0, int64_t(values) - 1)));
  for (size_t n = in.length(); n > 0; n--) {
    const int variable = int(in.whole(0, int64_t(variables) - 1));
    plan.updates.push_back({variable, int(in.whole(0, int64_t(values) - 1))});
  }
  for (int id : plan.outputs)
    if (!known[size_t(id)]) throw PlanError("an output is never written");
  for (const auto &u : plan.updates)
    if (!known[size_t(u.value)]) throw PlanError("an update is never written");
  if (!in.done()) throw PlanError("the plan goes on after its end");
  return plan;
}

}  // namespace fovea
