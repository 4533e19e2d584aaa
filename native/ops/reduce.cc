// Sums and extremes over axes, in the format of x where the axes allow; places of maxima.
#include <cmath>
#include <cstring>
#include <limits>

#include "ops.h"

namespace fovea {

namespace {

using F32 = dnnl::memory::data_type;

/// Alternating kept and reduced axes, as lie in memory. Sizes of one are dropped, neighbours joined.
struct Axes {
  std::vector<int64_t> dims;
  std::vector<char> reduced;
};

Axes joined(const std::vector<int64_t> &dims, const std::vector<char> &reduced) {
  Axes a;
  for (size_t i = 0; i < dims.size(); i++) {
    if (dims[i] == 1) continue;
    if (!a.dims.empty() && a.reduced.back() == reduced[i]) a.dims.back() *= dims[i];
    else {
      a.dims.push_back(dims[i]);
      a.reduced.push_back(reduced[i]);
    }
  }
  return a;
}

struct ReduceTask {
  int kind;
  // Loops outside the contiguous run, kept ones and reduced ones, with their steps in x.
  std::vector<int64_t> keptDims, keptSteps, sumDims, sumSteps;
  int64_t run, kept, sums;
  bool runReduced;
};

ReduceTask taskOf(int kind, const Axes &a) {
  ReduceTask t;
  t.kind = kind;
  const size_t last = a.dims.size();
  t.run = last == 0 ? 1 : a.dims[last - 1];
  t.runReduced = last == 0 ? true : bool(a.reduced[last - 1]);
  t.kept = t.sums = 1;
  int64_t step = t.run;
  for (size_t i = last == 0 ? 0 : last - 1; i-- > 0; step *= a.dims[i]) {
    auto &dims = a.reduced[i] ? t.sumDims : t.keptDims;
    auto &steps = a.reduced[i] ? t.sumSteps : t.keptSteps;
    dims.push_back(a.dims[i]);
    steps.push_back(step);
    (a.reduced[i] ? t.sums : t.kept) *= a.dims[i];
  }
  return t;
}

int64_t offsetOf(int64_t i, const std::vector<int64_t> &dims, const std::vector<int64_t> &steps) {
  int64_t at = 0;
  for (size_t d = 0; d < dims.size(); i /= dims[d++]) at += i % dims[d] * steps[d];
  return at;
}

float combine(int kind, float a, float b) {
  if (kind == kSum) return a + b;
  if (std::isnan(a) || std::isnan(b)) return NAN;
  return kind == kMax ? std::max(a, b) : std::min(a, b);
}
float startOf(int kind) { return kind == kSum ? 0.0f : (kind == kMax ? -INFINITY : INFINITY); }

/// Parts of a fixed number, so that the order of additions does not depend on the threads.
constexpr int64_t kParts = 64;

void runReduced(const ReduceTask &t, const float *x, float *y, float *partial) {
  const auto &k = kernels();
  if (t.kept >= 8 || t.kept * t.sums * t.run < 4 * kGrain) {
    parallelFor(t.kept, grainOf(t.sums * t.run), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const float *row = x + offsetOf(i, t.keptDims, t.keptSteps);
        double total = startOf(t.kind);
        for (int64_t j = 0; j < t.sums; j++) {
          const float v = k.reduce(t.kind, row + offsetOf(j, t.sumDims, t.sumSteps), size_t(t.run));
          total = t.kind == kSum ? total + v : combine(t.kind, float(total), v);
        }
        y[i] = float(total);
      }
    });
    return;
  }
  for (int64_t i = 0; i < t.kept; i++) {
    const float *row = x + offsetOf(i, t.keptDims, t.keptSteps);
    // Either many rows or one long one: cut whichever it is.
    const bool byRow = t.sums >= kParts;
    parallelFor(kParts, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++) {
        float total = startOf(t.kind);
        if (byRow) {
          for (int64_t j = t.sums * p / kParts; j < t.sums * (p + 1) / kParts; j++)
            total = combine(t.kind, total, k.reduce(t.kind, row + offsetOf(j, t.sumDims, t.sumSteps), size_t(t.run)));
        } else {
          const int64_t from = t.run * p / kParts, to = t.run * (p + 1) / kParts;
          for (int64_t j = 0; j < t.sums; j++)
            total = combine(t.kind, total,
                            k.reduce(t.kind, row + offsetOf(j, t.sumDims, t.sumSteps) + from, size_t(to - from)));
        }
        partial[p] = total;
      }
    });
    y[i] = k.reduce(t.kind, partial, kParts);
  }
}

/// The last axis is kept: rows are added up.
void runKept(const ReduceTask &t, const float *x, float *y, float *partial) {
  const auto &k = kernels();
  const auto addRows = [&](const float *from, float *to, int64_t begin, int64_t end) {
    for (int64_t i = 0; i < t.run; i++) to[i] = startOf(t.kind);
    for (int64_t j = begin; j < end; j++)
      k.accumulate(t.kind, from + offsetOf(j, t.sumDims, t.sumSteps), to, size_t(t.run));
  };
  // Long sums in pieces: less rounding, and work for all threads.
  const int64_t parts = std::min<int64_t>(kParts, std::max<int64_t>(1, t.sums / 64));
  if (parts == 1 || t.run > 8192) {
    parallelFor(t.kept, grainOf(t.sums * t.run), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        addRows(x + offsetOf(i, t.keptDims, t.keptSteps), y + i * t.run, 0, t.sums);
    });
    return;
  }
  for (int64_t i = 0; i < t.kept; i++) {
    const float *from = x + offsetOf(i, t.keptDims, t.keptSteps);
    parallelFor(parts, grainOf(t.sums * t.run / parts), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++)
        addRows(from, partial + p * t.run, t.sums * p / parts, t.sums * (p + 1) / parts);
    });
    float *to = y + i * t.run;
    for (int64_t c = 0; c < t.run; c++) to[c] = startOf(t.kind);
    for (int64_t p = 0; p < parts; p++) k.accumulate(t.kind, partial + p * t.run, to, size_t(t.run));
  }
}

/// sum, max, min of x: a flag for each axis of x.
template <int Kind>
void reduce(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Dims xd = b.dims(x);
  std::vector<char> flags;
  int64_t left = 1;
  for (size_t i = 0; i < xd.size(); i++) {
    flags.push_back(char(b.intAttr(i, 0, 1)));
    if (!flags[i]) left *= xd[i];
  }
  require(left == b.type(y).count() && b.type(x).dtype == b.type(y).dtype, "the result has another size or type");
  const auto type = b.type(x).dtype;
  require(type == DType::float32 || type == DType::bfloat16 || type == DType::int32, "numbers are needed");
  if (type == DType::int32) {
    const Version from = b.plain(x), to = b.producePlain(y);
    std::vector<int64_t> dims(xd.begin(), xd.end());
    const int64_t count = b.type(x).count(), out = b.type(y).count();
    b.call("integers", {from.buffer}, {to.buffer}, [=] {
      std::vector<char> seen(size_t(out), 0);
      std::memset(to.buffer->data, 0, size_t(out) * 4);
      for (int64_t i = 0; i < count; i++) {
        int64_t rest = i, at = 0, step = 1;
        for (size_t d = dims.size(); d-- > 0; rest /= dims[d])
          if (!flags[d]) {
            at += rest % dims[d] * step;
            step *= dims[d];
          }
        int32_t &v = ints(to.buffer)[at];
        const int32_t u = ints(from.buffer)[i];
        if (Kind == kSum) v = int32_t(uint32_t(v) + uint32_t(u));
        else if (!seen[size_t(at)] || (Kind == kMax ? u > v : u < v)) v = u;
        seen[size_t(at)] = 1;
      }
    });
    return;
  }
  // In blocks of channels when whole images, or images and batch, are summed.
  Md format = plainMd(xd, F32::f32);
  std::vector<int64_t> dims(xd.begin(), xd.end());
  std::vector<char> reduced = flags;
  ChannelView v;
  bool trimmed = false;
  // All of it, in whatever format: padding is zero.
  if (Kind == kSum && left == 1 && !isPlain(b.mdOf(x)) && typeOf(b.mdOf(x)) == dnnlType(type) && type == DType::float32) {
    format = b.mdOf(x);
    dims = {paddedCount(format)};
    reduced = {1};
  } else
  if (xd.size() >= 3 && dimsOf(b.mdOf(x)) == xd && !isPlain(b.mdOf(x)) && channelView(b.mdOf(x), v) && !flags[1]) {
    bool image = true;
    for (size_t i = 2; i < xd.size(); i++) image = image && flags[i];
    if (image && (flags[0] || !v.padded())) {
      format = withType(b.mdOf(x), F32::f32);
      dims = {v.n, v.blocks, v.spatial, v.block};
      reduced = {flags[0], 0, 1, 0};
      trimmed = v.padded();
    }
  }
  const ReduceTask task = taskOf(Kind, joined(dims, reduced));
  const Version from = wantFloat(b, x, format);
  const Md ym = plainMd(b.dims(y), F32::f32);
  // With padded channels the sums of the padding land behind the result.
  Version to = produceFloat(b, y, ym);
  if (trimmed) to.buffer->bytes = std::max(to.buffer->bytes, size_t(v.blocks * v.block) * sizeof(float));
  const int64_t space = task.runReduced ? kParts : kParts * std::min<int64_t>(task.run, 8192);
  Buffer *partial = b.scratch(size_t(space) * sizeof(float));
  b.call("reduce " + layoutName(format), {from.buffer}, {to.buffer, partial}, [=] {
    const auto run = task.runReduced ? runReduced : runKept;
    run(task, floats(from.buffer), floats(to.buffer), floats(partial));
  });
  finishFloat(b, y, to);
}

/// argmax(x): axis.
void argmax(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Dims d = b.dims(x);
  require(!d.empty(), "an axis is needed");
  const size_t axis = size_t(b.intAttr(0, 0, int64_t(d.size()) - 1));
  int64_t outer = 1, inner = 1;
  for (size_t i = 0; i < axis; i++) outer *= d[i];
  for (size_t i = axis + 1; i < d.size(); i++) inner *= d[i];
  const int64_t size = d[axis];
  require(b.type(y).count() == outer * inner && b.type(y).dtype == DType::int32, "the result has another size or type");
  const bool whole = b.type(x).dtype == DType::int32, byte = b.type(x).dtype == DType::uint8 || b.type(x).dtype == DType::boolean;
  const Version from = whole || byte ? b.plain(x) : wantFloat(b, x, plainMd(d, F32::f32));
  const Version to = b.producePlain(y);
  b.call("argmax", {from.buffer}, {to.buffer}, [=] {
    const auto at = [&](int64_t i) {
      return whole ? double(ints(from.buffer)[i]) : byte ? double(bytesOf(from.buffer)[i]) : double(floats(from.buffer)[i]);
    };
    parallelFor(outer * inner, grainOf(size), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t start = i / inner * size * inner + i % inner;
        int64_t best = 0;
        for (int64_t k = 1; k < size; k++)
          if (at(start + k * inner) > at(start + best * inner)) best = k;
        ints(to.buffer)[i] = int32_t(best);
      }
    });
  });
}

}  // namespace

const std::vector<OpEntry> reduceOps = {{"sum", reduce<kSum>, nullptr},
                                        {"max", reduce<kMax>, nullptr},
                                        {"min", reduce<kMin>, nullptr},
                                        {"argmax", argmax, nullptr}};

}  // namespace fovea
