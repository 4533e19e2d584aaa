#include "executable.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "builder.h"

namespace fovea {

Executable::Executable(Plan plan, std::vector<std::string> ops, std::vector<ConstantData> constants,
                       std::shared_ptr<Variables> variables, dnnl::engine engine)
    : plan_(std::move(plan)),
      ops_(std::move(ops)),
      constants_(std::move(constants)),
      variables_(std::move(variables)),
      engine_(engine),
      stream_(engine) {
  Builder(*this).build();
  constants_.clear();
  place();
}

void Executable::place() {
  const int start = int(hoisted_.size()), end = start + int(steps_.size());
  const auto touch = [](Buffer *b, int at) {
    b->first = b->first < 0 ? at : std::min(b->first, at);
    b->last = std::max(b->last, at);
  };
  for (int i = 0; i < end; i++) {
    const Step &step = i < start ? hoisted_[size_t(i)] : steps_[size_t(i - start)];
    for (Buffer *b : step.reads) {
      if (i >= start && b->first >= 0 && b->first < start) b->lasting = true;
      touch(b, i);
    }
    for (Buffer *b : step.writes) touch(b, i);
  }
  for (const auto &b : buffers_) {
    if (!b->lasting || b->first < 0) continue;
    b->last = end;
  }
  arena_ = Block(planArena(buffers_));
  for (const auto &b : buffers_)
    if (b->home == Home::arena && b->first >= 0) b->data = arena_.data() + b->offset;
  for (const auto &m : memories_) {
    if (m->buffer->home == Home::feed) feedMemories_.push_back(m.get());
    else m->memory.set_data_handle(m->buffer->data);
  }
}

void Executable::runSteps(const std::vector<Step> &steps, double *micros) {
  using Clock = std::chrono::steady_clock;
  for (size_t i = 0; i < steps.size(); i++) {
    const auto begin = micros ? Clock::now() : Clock::time_point();
    try {
      steps[i].run();
    } catch (const PlanError &e) {
      throw PlanError(e.what(), steps[i].spec);
    }
    if (micros) micros[i] = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  }
}

void Executable::run(const std::vector<char *> &feeds, const std::vector<char *> &outputs, std::vector<double> *micros) {
  for (size_t i = 0; i < feeds_.size(); i++)
    if (feeds_[i]) feeds_[i]->data = feeds[i];
  for (BoundMemory *m : feedMemories_) m->memory.set_data_handle(m->buffer->data);
  const bool stale = seen_ != variables_->generation;
  if (stale) runSteps(hoisted_, nullptr);
  if (micros) micros->assign(steps_.size(), 0);
  runSteps(steps_, micros ? micros->data() : nullptr);
  for (size_t i = 0; i < results_.size(); i++)
    if (outputBytes(i) > 0) std::memcpy(outputs[i], results_[i]->data, outputBytes(i));
  if (writes_) variables_->generation++;
  seen_ = variables_->generation;
}

}  // namespace fovea
