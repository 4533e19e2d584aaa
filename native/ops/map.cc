// One pass over elements, with broadcasting, in whatever format the operands lie.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "ops.h"

namespace fovea {

namespace {

constexpr int64_t kChunk = 1024;

struct Operand {
  Buffer *buffer = nullptr;
  DType type = DType::float32;
  std::vector<int64_t> strides;
};

struct MapTask {
  int op;
  float parameter;
  std::vector<int64_t> dims;
  std::array<Operand, 3> in;
  size_t count;
  Operand out;
  bool wide;
};

/// Operands as float32: in place where they are, else through a buffer.
const float *load(const Operand &o, int64_t at, int64_t step, int64_t n, float *space) {
  const int64_t take = step == 0 ? 1 : n;
  switch (o.type) {
    case DType::float32: return floats(o.buffer) + at;
    case DType::bfloat16: kernels().fromBf16(halves(o.buffer) + at, space, size_t(take)); return space;
    case DType::int32:
      for (int64_t i = 0; i < take; i++) space[i] = float(ints(o.buffer)[at + i]);
      return space;
    default:
      for (int64_t i = 0; i < take; i++) space[i] = float(bytesOf(o.buffer)[at + i]);
      return space;
  }
}

void store(const Operand &o, int64_t at, int64_t n, const float *values) {
  switch (o.type) {
    case DType::float32: return;
    case DType::bfloat16: return kernels().toBf16(values, halves(o.buffer) + at, size_t(n));
    case DType::int32:
      for (int64_t i = 0; i < n; i++) ints(o.buffer)[at + i] = int32_t(values[i]);
      return;
    default:
      for (int64_t i = 0; i < n; i++) bytesOf(o.buffer)[at + i] = uint8_t(values[i]);
  }
}

double number(const Operand &o, int64_t at) {
  switch (o.type) {
    case DType::float32: return floats(o.buffer)[at];
    case DType::int32: return ints(o.buffer)[at];
    case DType::bfloat16: {
      float x;
      kernels().fromBf16(halves(o.buffer) + at, &x, 1);
      return x;
    }
    default: return bytesOf(o.buffer)[at];
  }
}

/// Integers need more than float32's 24 bits: the few ops that take them, in double precision.
double wideOp(int op, double a, double b, double c, double parameter) {
  switch (op) {
    case kAdd: return a + b;
    case kSub: return a - b;
    case kMul: return a * b;
    case kDiv: return b == 0 ? 0 : a / b;
    case kMaximum: return std::max(a, b);
    case kMinimum: return std::min(a, b);
    case kEqual: return a == b;
    case kLess: return a < b;
    case kLessEqual: return a <= b;
    case kGreater: return a > b;
    case kGreaterEqual: return a >= b;
    case kSelect: return a != 0 ? b : c;
    case kLerp: return a + c * (b - a);
    case kNeg: return -a;
    case kAbs: return std::fabs(a);
    case kPow: return std::pow(a, parameter);
    default: return a;
  }
}

/// To a 32-bit integer as typed arrays do it: truncated, wrapped around.
int32_t wrapped(double x) {
  if (!std::isfinite(x)) return 0;
  return int32_t(uint32_t(int64_t(std::fmod(std::trunc(x), 4294967296.0))));
}

void storeWide(const Operand &o, int64_t at, double x) {
  if (o.type == DType::int32) ints(o.buffer)[at] = wrapped(x);
  else if (o.type == DType::float32) floats(o.buffer)[at] = float(x);
  else if (o.type == DType::bfloat16) {
    const float f = float(x);
    kernels().toBf16(&f, halves(o.buffer) + at, 1);
  } else bytesOf(o.buffer)[at] = o.type == DType::boolean ? uint8_t(x != 0) : uint8_t(wrapped(x));
}

void runRange(const MapTask &t, int64_t begin, int64_t end) {
  const size_t rank = t.dims.size();
  const int64_t inner = t.dims[rank - 1];
  alignas(64) float space[4][kChunk];
  for (int64_t at = begin; at < end;) {
    int64_t row = at / inner;
    const int64_t column = at % inner;
    const int64_t n = std::min({inner - column, end - at, kChunk});
    int64_t offset[3] = {0, 0, 0};
    for (size_t k = 0; k < t.count; k++) offset[k] = column * t.in[k].strides[rank - 1];
    for (size_t d = rank - 1; d-- > 0; row /= t.dims[d]) {
      const int64_t i = row % t.dims[d];
      for (size_t k = 0; k < t.count; k++) offset[k] += i * t.in[k].strides[d];
    }
    if (t.wide) {
      for (int64_t i = 0; i < n; i++) {
        double v[3] = {0, 0, 0};
        for (size_t k = 0; k < t.count; k++) v[k] = number(t.in[k], offset[k] + i * t.in[k].strides[rank - 1]);
        storeWide(t.out, at + i, wideOp(t.op, v[0], v[1], v[2], t.parameter));
      }
    } else {
      const float *v[3] = {nullptr, nullptr, nullptr};
      size_t step[3] = {0, 0, 0};
      for (size_t k = 0; k < t.count; k++) {
        step[k] = size_t(t.in[k].strides[rank - 1]);
        v[k] = load(t.in[k], offset[k], int64_t(step[k]), n, space[k]);
      }
      float *y = t.out.type == DType::float32 ? floats(t.out.buffer) + at : space[3];
      kernels().map(t.op, v[0], step[0], v[1], step[1], v[2], step[2], y, size_t(n), t.parameter);
      store(t.out, at, n, y);
    }
    at += n;
  }
}

/// Joins neighbouring axes that every operand walks through in one go, and drops axes of one.
void collapse(MapTask &t) {
  std::vector<int64_t> dims;
  std::array<std::vector<int64_t>, 3> strides;
  for (size_t d = 0; d < t.dims.size(); d++) {
    if (t.dims[d] == 1) continue;
    bool joins = !dims.empty();
    for (size_t k = 0; k < t.count && joins; k++)
      joins = strides[k].back() == t.in[k].strides[d] * t.dims[d];
    if (joins) {
      dims.back() *= t.dims[d];
      for (size_t k = 0; k < t.count; k++) strides[k].back() = t.in[k].strides[d];
    } else {
      dims.push_back(t.dims[d]);
      for (size_t k = 0; k < t.count; k++) strides[k].push_back(t.in[k].strides[d]);
    }
  }
  if (dims.empty()) {
    dims.push_back(1);
    for (size_t k = 0; k < t.count; k++) strides[k].push_back(0);
  }
  t.dims = dims;
  for (size_t k = 0; k < t.count; k++) t.in[k].strides = strides[k];
}

/// Row-major strides of `dims` stretched to `out`.
std::vector<int64_t> broadcastStrides(const Dims &dims, const Dims &out) {
  std::vector<int64_t> strides(out.size(), 0);
  require(dims.size() <= out.size(), "an operand has more axes than the result");
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    const size_t at = i + out.size() - dims.size();
    require(dims[i] == 1 || dims[i] == out[at], "operands do not broadcast to the result");
    strides[at] = dims[i] == 1 ? 0 : stride;
    stride *= dims[i];
  }
  return strides;
}

int64_t countOf(const Dims &dims) {
  int64_t n = 1;
  for (auto d : dims) n *= d;
  return n;
}

/// Whether the operand is one number per channel of `out`: [c, 1, 1…] or [1, c, 1, 1…], or [c] for affine ops.
bool isPerChannel(const Dims &dims, const Dims &out, bool vector) {
  if (vector && dims.size() == 1) return dims[0] == out[1];
  if (dims.size() > out.size() || dims.size() + 1 < out.size()) return false;
  for (size_t i = 0; i < dims.size(); i++) {
    const size_t at = i + out.size() - dims.size();
    if (dims[i] != (at == 1 ? out[1] : 1)) return false;
  }
  return true;
}

bool keepsZeros(int op) {
  switch (op) {
    case kSigmoid: case kExp: case kLog: case kRsqrt: case kPow: case kDiv: case kEqual: case kLessEqual:
    case kGreaterEqual: case kSelect: case kAffine: case kAffineRelu: return false;
    default: return true;
  }
}

bool usesDouble(int op, const MapTask &t) {
  bool ints = t.out.type == DType::int32;
  for (size_t k = 0; k < t.count; k++) ints = ints || t.in[k].type == DType::int32;
  // A cast to a small integer or to bool also needs more than rounding.
  return ints || (t.out.type == DType::uint8 || (t.out.type == DType::boolean && op == kCopy));
}

}  // namespace

void mapStep(Builder &b, int op, float parameter, int ia, int ib, int ic, int out) {
  const bool affine = op == kAffine || op == kAffineRelu;
  const Dims outDims = b.dims(out);
  std::vector<int> ids = {ia};
  if (ib >= 0) ids.push_back(ib);
  if (ic >= 0) ids.push_back(ic);
  const auto outType = b.type(out).dtype;

  // The format: that of the first operand of full size which is not row-major, if the others can follow.
  Md format = plainMd(b.type(out));
  bool blocked = false;
  for (int id : ids) {
    if (b.dims(id) != outDims || outDims.empty() || dimsOf(b.mdOf(id)) != outDims || isPlain(b.mdOf(id))) continue;
    ChannelView view;
    const bool channels = channelView(b.mdOf(id), view), lanes = isLanes(b.mdOf(id));
    bool fits = true;
    bool full = true;
    for (int other : ids) {
      const Dims d = b.dims(other);
      if (d == outDims) continue;
      if (countOf(d) == 1) continue;
      full = false;
      fits = fits && (channels || lanes) && isPerChannel(d, outDims, affine);
    }
    // Padding of unknown shape must stay zero by itself.
    const bool safe = channels || lanes || (full && keepsZeros(op));
    if (!fits || !safe) continue;
    try {
      format = withType(b.mdOf(id), dnnlType(outType));
      blocked = true;
    } catch (const PlanError &) {
      continue;
    }
    break;
  }

  auto task = std::make_shared<MapTask>();
  task->op = op;
  task->parameter = parameter;
  task->count = ids.size();
  std::vector<Buffer *> reads;
  ChannelView view;
  const bool channels = blocked && channelView(format, view), lanes = blocked && isLanes(format);
  bool broadcast = false;
  for (int id : ids) broadcast = broadcast || (b.dims(id) != outDims && countOf(b.dims(id)) != 1);
  const bool byChannel = channels && broadcast;
  if (lanes && broadcast) {
    task->dims = {outDims[0] / kLaneImages, outDims[1], outDims[2] * outDims[3] * kLaneImages};
  } else if (blocked) {
    task->dims = byChannel ? std::vector<int64_t>{view.n, view.blocks, view.spatial, view.block}
                           : std::vector<int64_t>{paddedCount(format)};
  } else {
    task->dims.assign(outDims.begin(), outDims.end());
    if (task->dims.empty()) task->dims = {1};
  }
  const Dims plainDims(task->dims.begin(), task->dims.end());
  for (size_t k = 0; k < ids.size(); k++) {
    const int id = ids[k];
    Operand &o = task->in[k];
    o.type = b.type(id).dtype;
    const Dims d = b.dims(id);
    const bool isFull = d == outDims;
    if (!blocked) {
      o.buffer = b.plain(id).buffer;
      if (affine && k > 0) {
        require(outDims.size() >= 2 && d.size() == 1 && d[0] == outDims[1], "one number per channel is needed");
        o.strides.assign(outDims.size(), 0);
        o.strides[1] = 1;
      } else {
        o.strides = broadcastStrides(d, plainDims);
      }
    } else if (isFull) {
      o.buffer = b.want(id, withType(format, dnnlType(o.type))).buffer;
      o.strides = broadcastStrides(plainDims, plainDims);
    } else {
      o.buffer = b.plain(id).buffer;
      o.strides = countOf(d) == 1 ? std::vector<int64_t>(task->dims.size(), 0)
                  : lanes         ? std::vector<int64_t>{0, 1, 0}
                                  : std::vector<int64_t>{0, view.block, 0, view.block == 1 ? 0 : 1};
    }
    reads.push_back(o.buffer);
  }
  // Rows of the inner loop must have steps of 0 or 1.
  for (size_t k = 0; k < ids.size(); k++)
    for (auto &s : task->in[k].strides) require(s >= 0, "strides must not be negative");

  const auto sameType = [&](int id) { return id >= 0 && b.dims(id) == outDims && b.type(id).dtype == outType ? id : -1; };
  const Version y = b.produceOver(out, format, {sameType(ia), sameType(ib), sameType(ic)});
  task->out.buffer = y.buffer;
  task->out.type = outType;
  task->wide = usesDouble(op, *task);
  collapse(*task);
  int64_t total = 1;
  for (auto d : task->dims) total *= d;
  const int64_t grain = task->wide ? kGrain / 8 : kGrain;
  b.call(blocked ? "map " + layoutName(format) : "map", reads, {y.buffer}, [task, total, grain] {
    parallelFor(total, grain, [&](int64_t begin, int64_t end) { runRange(*task, begin, end); });
  });
  if (channels && view.padded() && (byChannel || !keepsZeros(op))) clearPadding(b, y);
}

void clearPadding(Builder &b, const Version &version) {
  ChannelView v;
  if (!channelView(version.md, v) || !v.padded()) return;
  const size_t each = dnnl::memory::data_type_size(typeOf(version.md));
  Buffer *buffer = version.buffer;
  b.call("clear padding", {buffer}, {buffer}, [v, each, buffer] {
    const int64_t used = v.c - (v.blocks - 1) * v.block;
    parallelFor(v.n, grainOf(v.spatial), [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; n++) {
        char *at = buffer->data + size_t(((n * v.blocks + v.blocks - 1) * v.spatial) * v.block) * each;
        for (int64_t s = 0; s < v.spatial; s++)
          std::memset(at + size_t(s * v.block + used) * each, 0, size_t(v.block - used) * each);
      }
    });
  });
}

Version wantFloat(Builder &b, int id, const Md &md) {
  require(b.type(id).dtype == DType::float32 || b.type(id).dtype == DType::bfloat16, "floating-point numbers are needed");
  if (b.type(id).dtype != DType::bfloat16) return b.want(id, md);
  const Version half = b.want(id, withType(md, dnnl::memory::data_type::bf16));
  const Version full{md, b.scratch(md.get_size())};
  const int64_t n = paddedCount(md);
  b.call("cast", {half.buffer}, {full.buffer}, [=] {
    parallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
      kernels().fromBf16(halves(half.buffer) + begin, floats(full.buffer) + begin, size_t(end - begin));
    });
  });
  return full;
}

Version produceFloat(Builder &b, int id, const Md &md) {
  require(b.type(id).dtype == DType::float32 || b.type(id).dtype == DType::bfloat16, "the result must be floating-point");
  if (b.type(id).dtype != DType::bfloat16) return b.produce(id, md);
  return {md, b.scratch(md.get_size())};
}

void finishFloat(Builder &b, int id, const Version &full) {
  if (b.type(id).dtype != DType::bfloat16) return;
  const Version half = b.produce(id, withType(full.md, dnnl::memory::data_type::bf16));
  const int64_t n = paddedCount(full.md);
  b.call("cast", {full.buffer}, {half.buffer}, [=] {
    parallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
      kernels().toBf16(floats(full.buffer) + begin, halves(half.buffer) + begin, size_t(end - begin));
    });
  });
}

}  // namespace fovea
