// Ops that look elements up by index. An index out of range reads zeros and writes nothing.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "ops.h"

namespace fovea {

namespace {

using F32 = dnnl::memory::data_type;

struct Indices {
  Buffer *buffer;
  bool small;
  int64_t operator[](int64_t i) const { return small ? int64_t(bytesOf(buffer)[i]) : int64_t(ints(buffer)[i]); }
};

Indices indicesOf(Builder &b, int id) {
  const auto type = b.type(id).dtype;
  require(type == DType::int32 || type == DType::uint8, "indices must be int32 or uint8");
  return {b.plain(id).buffer, type == DType::uint8};
}

struct Split {
  int64_t outer = 1, size = 1, inner = 1;
};

Split splitAt(const Dims &d, size_t axis) {
  Split s;
  for (size_t i = 0; i < d.size(); i++) (i < axis ? s.outer : (i == axis ? s.size : s.inner)) *= d[i];
  return s;
}

/// gather(x, indices): axis.
void gather(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Dims xd = b.dims(x);
  require(!xd.empty(), "an axis is needed");
  const size_t axis = size_t(b.intAttr(0, 0, int64_t(xd.size()) - 1));
  const Split s = splitAt(xd, axis);
  const int64_t k = b.type(b.input(1)).count();
  require(b.type(y).count() == s.outer * k * s.inner && b.type(x).dtype == b.type(y).dtype, "the result has another size");
  const Indices at = indicesOf(b, b.input(1));
  const size_t each = sizeOf(b.type(x).dtype);
  const Version from = b.plain(x), to = b.producePlain(y);
  b.call("gather", {from.buffer, at.buffer}, {to.buffer}, [=] {
    const size_t bytes = size_t(s.inner) * each;
    parallelFor(s.outer * k, grainOf(s.inner), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t j = at[i % k];
        char *target = to.buffer->data + size_t(i) * bytes;
        if (j < 0 || j >= s.size) std::memset(target, 0, bytes);
        else std::memcpy(target, from.buffer->data + size_t(i / k * s.size + j) * bytes, bytes);
      }
    });
  });
}

/// scatterAdd(x, indices): axis.
void scatterAdd(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Dims yd = b.dims(y);
  require(!yd.empty(), "an axis is needed");
  const size_t axis = size_t(b.intAttr(0, 0, int64_t(yd.size()) - 1));
  const Split s = splitAt(yd, axis);
  const int64_t k = b.type(b.input(1)).count();
  require(b.type(x).count() == s.outer * k * s.inner, "x has another size");
  const auto type = b.type(x).dtype;
  require(type == b.type(y).dtype && (type == DType::float32 || type == DType::bfloat16 || type == DType::int32), "numbers are needed");
  const Indices at = indicesOf(b, b.input(1));
  const bool whole = type == DType::int32;
  const Version from = whole ? b.plain(x) : wantFloat(b, x, plainMd(b.dims(x), F32::f32));
  const Version to = whole ? b.producePlain(y) : produceFloat(b, y, plainMd(yd, F32::f32));
  b.call("scatter", {from.buffer, at.buffer}, {to.buffer}, [=] {
    // Rows of one outer index belong to one thread: additions happen in order.
    parallelFor(s.outer, grainOf(k * s.inner), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; o++) {
        std::memset(to.buffer->data + size_t(o * s.size * s.inner) * 4, 0, size_t(s.size * s.inner) * 4);
        for (int64_t i = 0; i < k; i++) {
          const int64_t j = at[i];
          if (j < 0 || j >= s.size) continue;
          const int64_t source = (o * k + i) * s.inner, target = (o * s.size + j) * s.inner;
          if (!whole) kernels().accumulate(kSum, floats(from.buffer) + source, floats(to.buffer) + target, size_t(s.inner));
          else
            for (int64_t e = 0; e < s.inner; e++) ints(to.buffer)[target + e] += ints(from.buffer)[source + e];
        }
      }
    });
  });
  if (!whole) finishFloat(b, y, to);
}

/// oneHot(indices): float32, one more axis.
void oneHot(Builder &b) {
  const int x = b.input(0), y = b.output();
  const int64_t n = b.type(x).count();
  require(b.type(y).dtype == DType::float32 && !b.type(y).shape.empty() && b.type(y).count() == n * b.type(y).shape.back(),
          "the result has another size or type");
  const int64_t classes = b.type(y).shape.back();
  const Indices at = indicesOf(b, x);
  const Version to = b.producePlain(y);
  b.call("oneHot", {at.buffer}, {to.buffer}, [=] {
    std::memset(to.buffer->data, 0, size_t(n * classes) * sizeof(float));
    for (int64_t i = 0; i < n; i++)
      if (at[i] >= 0 && at[i] < classes) floats(to.buffer)[i * classes + at[i]] = 1.0f;
  });
}

/// topK(x): values and indices along the last axis.
void topK(Builder &b) {
  const int x = b.input(0), values = b.output(0), indices = b.output(1);
  require(!b.type(x).shape.empty() && !b.type(values).shape.empty(), "an axis is needed");
  const int64_t size = b.type(x).shape.back(), k = b.type(values).shape.back();
  require(k >= 1 && k <= size && b.type(values).count() / k * size == b.type(x).count() &&
              b.type(indices).count() == b.type(values).count() && b.type(indices).dtype == DType::int32 &&
              b.type(values).dtype == b.type(x).dtype,
          "the results have another size or type");
  const int64_t rows = b.type(x).count() / size;
  const bool whole = b.type(x).dtype == DType::int32;
  require(whole || b.type(x).dtype == DType::float32 || b.type(x).dtype == DType::bfloat16, "numbers are needed");
  const Version from = whole ? b.plain(x) : wantFloat(b, x, plainMd(b.dims(x), F32::f32));
  const Version best = whole ? b.producePlain(values) : produceFloat(b, values, plainMd(b.dims(values), F32::f32));
  const Version place = b.producePlain(indices);
  Buffer *order = b.scratch(size_t(rows * size) * sizeof(int32_t));
  b.call("topK", {from.buffer}, {best.buffer, place.buffer, order}, [=] {
    parallelFor(rows, grainOf(size), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const auto at = [&](int32_t i) {
          return whole ? double(ints(from.buffer)[r * size + i]) : double(floats(from.buffer)[r * size + i]);
        };
        // NaN counts as the largest, as it does in PyTorch.
        const auto before = [&](int32_t i, int32_t j) {
          const double u = at(i), v = at(j);
          if (std::isnan(u) != std::isnan(v)) return std::isnan(u);
          return u > v || (!(v > u) && i < j);
        };
        int32_t *o = ints(order) + r * size;
        std::iota(o, o + size, 0);
        std::partial_sort(o, o + k, o + size, before);
        for (int64_t i = 0; i < k; i++) {
          ints(place.buffer)[r * k + i] = o[i];
          if (whole) ints(best.buffer)[r * k + i] = ints(from.buffer)[r * size + o[i]];
          else floats(best.buffer)[r * k + i] = floats(from.buffer)[r * size + o[i]];
        }
      }
    });
  });
  if (!whole) finishFloat(b, values, best);
}

}  // namespace

const std::vector<OpEntry> indexOps = {{"gather", gather, nullptr},
                                       {"scatterAdd", scatterAdd, nullptr},
                                       {"oneHot", oneHot, nullptr},
                                       {"topK", topK, nullptr}};

}  // namespace fovea
