// Turns the steps of a plan into calls: asks primitives which formats they want, inserts reorders where
// they insist, and records who reads and writes what.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "executable.h"
#include "layout.h"

namespace fovea {

struct Version {
  Md md;
  Buffer *buffer = nullptr;
};

class Builder {
 public:
  Builder(Executable &exe);
  void build();

  // The step being built.
  const StepSpec &spec() const { return *spec_; }
  const std::string &op() const { return exe_.ops_[size_t(spec_->op)]; }
  int input(size_t i) const;
  /// -1 when it was left out.
  int optionalInput(size_t i) const { return i < spec_->inputs.size() ? spec_->inputs[i] : -1; }
  size_t inputs() const { return spec_->inputs.size(); }
  int output(size_t i = 0) const;
  size_t outputs() const { return spec_->outputs.size(); }
  double attr(size_t i) const;
  int64_t intAttr(size_t i, int64_t low, int64_t high) const;

  const ValueSpec &type(int id) const { return exe_.plan_.values[size_t(id)]; }
  Dims dims(int id) const { return Dims(type(id).shape.begin(), type(id).shape.end()); }
  /// The format a value came in.
  const Md &mdOf(int id) const { return values_[size_t(id)].front().md; }
  const Version &base(int id) const { return values_[size_t(id)].front(); }
  bool isVariable(int id) const { return id >= 0 && type(id).source == Source::variable; }
  int uses(int id) const { return uses_[size_t(id)]; }

  /// The value in this format; reordered once for all who want it so.
  Version want(int id, const Md &md);
  Version plain(int id) { return want(id, plainMd(type(id))); }
  /// New memory for an output.
  Version produce(int id, const Md &md);
  Version producePlain(int id) { return produce(id, plainMd(type(id))); }
  /// Memory of `over` (position of an input) if nobody needs that any more or the plan says so.
  Version produceOver(int id, const Md &md, std::initializer_list<int> over);
  /// What only the gradient of the same primitive reads: its type and size are the primitive's business.
  Version produceOpaque(int id, const Md &md);
  /// The output is the bytes of `from` under another shape.
  void alias(int id, const Version &from, const Md &md);
  /// The output is `from` in another element type, converted where and how somebody wants it.
  void convertLater(int id, const Version &from);
  Buffer *scratch(size_t bytes);

  void call(std::string kernel, std::vector<Buffer *> reads, std::vector<Buffer *> writes, std::function<void()> run);
  using Arg = std::pair<int, Version>;
  template <class Pd>
  void primitive(const Pd &pd, const dnnl::primitive &primitive, std::vector<Arg> reads, std::vector<Arg> writes) {
    execute(pd.impl_info_str(), primitive, std::move(reads), std::move(writes), pd.scratchpad_desc());
  }

  const dnnl::engine &engine() const { return exe_.engine_; }
  dnnl::primitive_attr attributes() const;

  /// Before any step is built: lets a primitive choose how its weights lie.
  void claim(int id, const Md &md);
  /// Before any step is built: makes optimiser state lie as its parameter does.
  void claimLike(int id, int like);
  /// The variable whose memory an earlier step writes this value into; -1 if there is none.
  int takenOver(int id) const;

 private:
  void checkVariables() const;
  void checkFits(int id, const Md &md) const;
  void addSources();
  void addConstant(int id);
  void finish();
  void execute(std::string kernel, const dnnl::primitive &primitive, std::vector<Arg> reads, std::vector<Arg> writes,
               const Md &scratchpad);
  Version reordered(const Version &from, const Md &md, bool steady);
  bool mayOverwrite(int id) const;
  Buffer *newBuffer(size_t bytes);

  Executable &exe_;
  std::vector<std::vector<Version>> values_;
  std::vector<int> uses_;
  std::vector<char> steady_, relied_;
  const StepSpec *spec_ = nullptr;
  int index_ = -1;
  bool toHoisted_ = false;
};

/// Throws PlanError for the current step unless the condition holds.
inline void require(bool condition, const char *what) {
  if (!condition) throw PlanError(what);
}

struct OpEntry {
  const char *name;
  void (*build)(Builder &);
  void (*claim)(Builder &);
};
const OpEntry *findOp(const std::string &name);

}  // namespace fovea
