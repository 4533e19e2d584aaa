#include "builder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lanes.h"

namespace fovea {

Builder::Builder(Executable &exe) : exe_(exe) {
  const auto &plan = exe.plan_;
  values_.resize(plan.values.size());
  uses_.assign(plan.values.size(), 0);
  steady_.assign(plan.values.size(), 0);
  relied_.assign(exe.variables_->list.size(), 0);
  for (const auto &s : plan.steps)
    for (int id : s.inputs)
      if (id >= 0) uses_[size_t(id)]++;
  for (int id : plan.outputs) uses_[size_t(id)]++;
  for (const auto &u : plan.updates) uses_[size_t(u.value)]++;
}

int Builder::input(size_t i) const {
  if (i >= spec_->inputs.size() || spec_->inputs[i] < 0) throw PlanError("an input is missing");
  return spec_->inputs[i];
}

int Builder::output(size_t i) const {
  if (i >= spec_->outputs.size()) throw PlanError("an output is missing");
  return spec_->outputs[i];
}

double Builder::attr(size_t i) const {
  if (i >= spec_->attrs.size()) throw PlanError("an attribute is missing");
  return spec_->attrs[i];
}

int64_t Builder::intAttr(size_t i, int64_t low, int64_t high) const {
  const double x = attr(i);
  if (!(x >= double(low) && x <= double(high)) || x != std::floor(x)) throw PlanError("an attribute is out of range");
  return int64_t(x);
}

dnnl::primitive_attr Builder::attributes() const {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

Buffer *Builder::newBuffer(size_t bytes) {
  exe_.buffers_.push_back(std::make_unique<Buffer>());
  exe_.buffers_.back()->bytes = bytes;
  return exe_.buffers_.back().get();
}

void Builder::claim(int id, const Md &md) {
  if (!isVariable(id)) return;
  auto &variable = *exe_.variables_->list[size_t(type(id).index)];
  relayout(variable, md, engine());
  variable.pinned = true;
}

void Builder::claimLike(int id, int like) {
  if (!isVariable(id) || !isVariable(like) || type(id).shape != type(like).shape || type(id).dtype != type(like).dtype)
    return;
  claim(id, exe_.variables_->list[size_t(type(like).index)]->md);
}

int Builder::takenOver(int id) const {
  for (const auto &s : exe_.plan_.steps)
    for (size_t i = 0; i < s.outputs.size(); i++)
      if (s.outputs[i] == id) return s.inPlace[i] < 0 ? -1 : s.inputs[size_t(s.inPlace[i])];
  return -1;
}

void Builder::addConstant(int id) {
  const auto &v = type(id);
  const auto &data = exe_.constants_[size_t(v.index)];
  const size_t bytes = byteSize(v), each = sizeOf(v.dtype);
  exe_.constantBlocks_.push_back(std::make_unique<Block>(bytes));
  char *to = exe_.constantBlocks_.back()->data();
  if (data.isSplat) {
    const float f = float(data.splat);
    const int32_t i = int32_t(data.splat);
    uint32_t bits;
    std::memcpy(&bits, &f, 4);
    const uint16_t half = uint16_t((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    const uint8_t byte = uint8_t(i);
    const void *element = v.dtype == DType::float32 ? (const void *)&f
                          : v.dtype == DType::int32 ? (const void *)&i
                          : v.dtype == DType::bfloat16 ? (const void *)&half
                                                       : (const void *)&byte;
    for (size_t k = 0; k < bytes; k += each) std::memcpy(to + k, element, each);
  } else {
    if (data.bytes.size() != bytes) throw PlanError("a constant has the wrong size");
    std::memcpy(to, data.bytes.data(), bytes);
  }
  Buffer *buffer = newBuffer(bytes);
  buffer->home = Home::constant;
  buffer->data = to;
  values_[size_t(id)].push_back({plainMd(v), buffer});
}

void Builder::addSources() {
  const auto &plan = exe_.plan_;
  exe_.feeds_.assign(size_t(plan.feeds), nullptr);
  exe_.feedBytes_.assign(size_t(plan.feeds), 0);
  std::vector<char> changes(exe_.variables_->list.size(), 0);
  for (const auto &u : plan.updates) changes[size_t(u.variable)] = 1;
  for (size_t id = 0; id < plan.values.size(); id++) {
    const auto &v = plan.values[id];
    if (v.source == Source::constant) {
      addConstant(int(id));
      steady_[id] = 1;
    } else if (v.source == Source::variable) {
      auto &variable = *exe_.variables_->list[size_t(v.index)];
      values_[id].push_back({variable.md, &variable.buffer});
      steady_[id] = !changes[size_t(v.index)];
    } else if (v.source == Source::feed) {
      if (exe_.feeds_[size_t(v.index)] != nullptr) throw PlanError("two values take the same feed");
      Buffer *buffer = newBuffer(byteSize(v));
      buffer->home = Home::feed;
      exe_.feeds_[size_t(v.index)] = buffer;
      exe_.feedBytes_[size_t(v.index)] = byteSize(v);
      values_[id].push_back({plainMd(v), buffer});
    }
  }
}

void Builder::checkVariables() const {
  for (const auto &v : exe_.plan_.values) {
    if (v.source != Source::variable) continue;
    const auto &variable = *exe_.variables_->list[size_t(v.index)];
    if (variable.spec.shape != v.shape || variable.spec.dtype != v.dtype)
      throw PlanError("a variable has another shape or type than the plan says");
  }
}

void Builder::build() {
  const auto &plan = exe_.plan_;
  checkVariables();
  std::vector<const OpEntry *> entries;
  for (size_t i = 0; i < plan.steps.size(); i++) {
    entries.push_back(findOp(exe_.ops_[size_t(plan.steps[i].op)]));
    if (entries.back() == nullptr) throw PlanError("there is no kernel for this op", int(i));
  }
  for (int pass = 0; pass < 2; pass++) {
    if (pass == 1) addSources();
    for (size_t i = 0; i < plan.steps.size(); i++) {
      spec_ = &plan.steps[i];
      index_ = int(i);
      toHoisted_ = spec_->hoisted;
      try {
        if (pass == 0) {
          if (entries[i]->claim) entries[i]->claim(*this);
          continue;
        }
        for (int id : spec_->outputs) steady_[size_t(id)] = spec_->hoisted;
        entries[i]->build(*this);
        for (int id : spec_->outputs)
          if (values_[size_t(id)].empty()) throw PlanError("an output was not produced");
        for (int id : spec_->inputs)
          if (id >= 0) base(id).buffer->pending--;
      } catch (const PlanError &e) {
        throw PlanError(e.what(), index_);
      } catch (const dnnl::error &e) {
        throw PlanError(std::string("oneDNN: ") + e.what(), index_);
      }
    }
  }
  finish();
}

void Builder::finish() {
  const auto &plan = exe_.plan_;
  index_ = -1;
  toHoisted_ = false;
  for (int id : plan.outputs) {
    Buffer *buffer = plain(id).buffer;
    buffer->lasting = true;
    exe_.results_.push_back(buffer);
  }
  // What an update copies from a variable must be saved before any variable changes.
  std::vector<std::pair<Buffer *, Buffer *>> copies;
  for (const auto &u : plan.updates) {
    auto &variable = *exe_.variables_->list[size_t(u.variable)];
    exe_.writes_ = true;
    if (type(u.value).shape != variable.spec.shape || type(u.value).dtype != variable.spec.dtype)
      throw PlanError("an update has another shape or type than its variable");
    if (base(u.value).buffer == &variable.buffer) continue;
    Buffer *from = want(u.value, variable.md).buffer;
    if (from->home == Home::variable) {
      Buffer *saved = newBuffer(from->bytes);
      call("copy", {from}, {saved}, [=] { std::memcpy(saved->data, from->data, saved->bytes); });
      from = saved;
    }
    copies.push_back({from, &variable.buffer});
  }
  for (const auto &[from, to] : copies) {
    Buffer *a = from, *b = to;
    call("update", {a}, {b}, [=] { std::memcpy(b->data, a->data, b->bytes); });
  }
  for (const auto &v : plan.values)
    if (v.source == Source::variable) exe_.variables_->list[size_t(v.index)]->pinned = true;
  for (const auto &u : plan.updates) exe_.variables_->list[size_t(u.variable)]->pinned = true;
}

Version Builder::reordered(const Version &from, const Md &md, bool steady) {
  Version to{md, newBuffer(md.get_size())};
  const bool outer = toHoisted_;
  toHoisted_ = toHoisted_ || steady;
  const std::string name = layoutName(from.md) + " → " + layoutName(md);
  if (canTransposeLanes(from.md, md)) {
    call("transpose " + name, {from.buffer}, {to.buffer}, transposeLanes(from, to));
  } else {
    const dnnl::reorder::primitive_desc pd(engine(), from.md, engine(), md, attributes());
    execute("reorder " + name, dnnl::reorder(pd), {{DNNL_ARG_FROM, from}}, {{DNNL_ARG_TO, to}}, pd.scratchpad_desc());
  }
  toHoisted_ = outer;
  return to;
}

Version Builder::want(int id, const Md &md) {
  auto &versions = values_[size_t(id)];
  for (const auto &v : versions)
    if (v.md == md) return v;
  Version from = versions.front();
  if (dimsOf(from.md) != dimsOf(md)) {
    // Another shape of the same elements: only row-major bytes can be read both ways.
    if (!isPlain(from.md)) from = reordered(from, plainMd(dimsOf(from.md), typeOf(from.md)), steady_[size_t(id)]);
    from.md = plainMd(dimsOf(md), typeOf(md));
    require(from.md.get_size() <= from.buffer->bytes, "shapes of different sizes");
  }
  // Weights are transformed from row-major ones only.
  if (isOpaque(md) && !isPlain(from.md)) from = reordered(from, plainMd(dimsOf(md), typeOf(md)), steady_[size_t(id)]);
  const Version to = from.md == md ? from : reordered(from, md, steady_[size_t(id)]);
  values_[size_t(id)].push_back(to);
  return to;
}

void Builder::checkFits(int id, const Md &md) const {
  int64_t count = 1;
  for (auto d : dimsOf(md)) count *= d;
  require(typeOf(md) == dnnlType(type(id).dtype) && count == type(id).count(), "a result has another type or size");
}

Version Builder::produce(int id, const Md &md) {
  checkFits(id, md);
  return produceOpaque(id, md);
}

Version Builder::produceOpaque(int id, const Md &md) {
  Version v{md, newBuffer(std::max<size_t>(md.get_size(), 1))};
  v.buffer->pending = uses_[size_t(id)];
  values_[size_t(id)].push_back(v);
  return v;
}

bool Builder::mayOverwrite(int id) const {
  const Buffer *b = base(id).buffer;
  if (b->home != Home::arena || (steady_[size_t(id)] && !spec_->hoisted)) return false;
  return b->pending == std::count(spec_->inputs.begin(), spec_->inputs.end(), id);
}

Version Builder::produceOver(int id, const Md &md, std::initializer_list<int> over) {
  const auto at = std::find(spec_->outputs.begin(), spec_->outputs.end(), id) - spec_->outputs.begin();
  const int planned = spec_->inPlace[size_t(at)];
  checkFits(id, md);
  if (planned >= 0 && mdOf(spec_->inputs[size_t(planned)]) == md) {
    const Version v = base(spec_->inputs[size_t(planned)]);
    values_[size_t(id)].push_back(v);
    v.buffer->pending += uses_[size_t(id)];
    return v;
  }
  for (int source : over) {
    if (source < 0 || !(mdOf(source) == md) || !mayOverwrite(source)) continue;
    const Version v = base(source);
    values_[size_t(id)].push_back(v);
    v.buffer->pending += uses_[size_t(id)];
    return v;
  }
  return produce(id, md);
}

void Builder::alias(int id, const Version &from, const Md &md) {
  checkFits(id, md);
  require(md.get_size() <= from.buffer->bytes, "a result has another size");
  values_[size_t(id)].push_back({md, from.buffer});
  from.buffer->pending += uses_[size_t(id)];
}

void Builder::convertLater(int id, const Version &from) {
  values_[size_t(id)].push_back(from);
  from.buffer->pending += uses_[size_t(id)];
}

Buffer *Builder::scratch(size_t bytes) { return newBuffer(bytes); }

void Builder::call(std::string kernel, std::vector<Buffer *> reads, std::vector<Buffer *> writes,
                   std::function<void()> run) {
  auto &list = toHoisted_ ? exe_.hoisted_ : exe_.steps_;
  list.push_back({std::move(run), std::move(reads), std::move(writes), index_, std::move(kernel)});
}

void Builder::execute(std::string kernel, const dnnl::primitive &primitive, std::vector<Arg> reads,
                      std::vector<Arg> writes, const Md &scratchpad) {
  if (scratchpad.get_size() > 0) writes.push_back({DNNL_ARG_SCRATCHPAD, {scratchpad, scratch(scratchpad.get_size())}});
  std::vector<dnnl_exec_arg_t> args;
  std::vector<Buffer *> read, written;
  const auto bind = [&](const Arg &arg, std::vector<Buffer *> &list) {
    exe_.memories_.push_back(std::make_unique<BoundMemory>(
        BoundMemory{dnnl::memory(arg.second.md, engine(), DNNL_MEMORY_NONE), arg.second.buffer}));
    args.push_back({arg.first, exe_.memories_.back()->memory.get()});
    list.push_back(arg.second.buffer);
  };
  for (const auto &arg : reads) bind(arg, read);
  for (const auto &arg : writes) bind(arg, written);
  dnnl_stream_t stream = exe_.stream_.get();
  call(std::move(kernel), std::move(read), std::move(written), [primitive, args, stream] {
    const dnnl_status_t status = dnnl_primitive_execute(primitive.get(), stream, int(args.size()), args.data());
    if (status != dnnl_success) throw PlanError("oneDNN refused to run a primitive");
  });
}

}  // namespace fovea
