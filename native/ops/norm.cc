// Normalisation, by loops of our own: batch norm in the format of x, and standardisation of rows.
#include <cmath>

#include "../batchnorm.h"
#include "ops.h"

namespace fovea {

namespace {

using F32 = dnnl::memory::data_type;

/// The format of x where channels are easy to find in it, else row-major.
Md channelsMd(Builder &b, int x, NormDims &dims) {
  const Dims d = b.dims(x);
  const auto type = b.type(x).dtype;
  require(d.size() >= 2, "an axis of channels is needed");
  require(type == DType::float32 || type == DType::bfloat16, "floating-point numbers are needed");
  if (isLanes(b.mdOf(x)) && dimsOf(b.mdOf(x)) == d) {
    // Images side by side are one wide image.
    dims = {d[0] / kLaneImages, d[1], d[2] * d[3] * kLaneImages, 1};
    return b.mdOf(x);
  }
  Md md = plainMd(b.type(x));
  ChannelView view;
  const auto see = [&](const Md &as) {
    if (dimsOf(as) != d || !channelView(as, view)) return false;
    // One pixel: channels lie side by side.
    if (view.block == 1 && view.spatial == 1) view.block = view.c;
    dims = {view.n, view.c, view.spatial, view.block};
    md = as;
    return dims.valid();
  };
  require(see(b.mdOf(x)) || see(plainMd(b.type(x))), "x has too many axes");
  return md;
}

struct Vectors {
  Buffer *weight, *bias, *mean, *variance;
  NormVectors at() const { return {floats(weight), floats(bias), floats(mean), floats(variance)}; }
};

Buffer *wantVector(Builder &b, int id, int64_t channels) {
  require(b.type(id).count() == channels, "one number per channel is needed");
  return wantFloat(b, id, plainMd({channels}, F32::f32)).buffer;
}

/// batchNormTrain(x, weight, bias): epsilon, 1 if a ReLU follows. y, mean, variance.
void batchNorm(Builder &b) {
  const int x = b.input(0), y = b.output(0);
  require(b.dims(y) == b.dims(x) && b.type(y).dtype == b.type(x).dtype, "y must be like x");
  NormDims dims;
  const Md md = channelsMd(b, x, dims), cm = plainMd({dims.channels}, F32::f32);
  const BatchNorm norm(dims, float(b.attr(0)), b.intAttr(1, 0, 1) == 1);
  Buffer *from = b.want(x, md).buffer;
  const Vectors v = {wantVector(b, b.input(1), dims.channels), wantVector(b, b.input(2), dims.channels),
                     b.produce(b.output(1), cm).buffer, b.produce(b.output(2), cm).buffer};
  Buffer *to = b.produce(y, md).buffer, *scratch = b.scratch(norm.scratchBytes());
  const bool half = b.type(x).dtype == DType::bfloat16;
  b.call("batch norm " + layoutName(md), {from, v.weight, v.bias}, {to, v.mean, v.variance, scratch}, [=] {
    if (half) norm.forward(halves(from), v.at(), halves(to), scratch->data);
    else norm.forward(floats(from), v.at(), floats(to), scratch->data);
  });
}

/// batchNormGrad(dy, x, mean, variance, weight, bias?): epsilon, 1 if a ReLU followed, which needs the bias.
/// dx, dweight, dbias.
void batchNormGrad(Builder &b) {
  const int dy = b.input(0), x = b.input(1), dx = b.output(0);
  for (const int id : {dy, dx})
    require(b.dims(id) == b.dims(x) && b.type(id).dtype == b.type(x).dtype, "dy and dx must be like x");
  const bool relu = b.intAttr(1, 0, 1) == 1;
  NormDims dims;
  const Md md = channelsMd(b, x, dims), cm = plainMd({dims.channels}, F32::f32);
  const BatchNorm norm(dims, float(b.attr(0)), relu);
  Buffer *given = b.want(dy, md).buffer, *from = b.want(x, md).buffer;
  Buffer *weight = wantVector(b, b.input(4), dims.channels);
  const Vectors v = {weight, relu ? wantVector(b, b.input(5), dims.channels) : weight,
                     wantVector(b, b.input(2), dims.channels), wantVector(b, b.input(3), dims.channels)};
  Buffer *dweight = b.produce(b.output(1), cm).buffer, *dbias = b.produce(b.output(2), cm).buffer;
  Buffer *to = b.produceOver(dx, md, {dy}).buffer, *scratch = b.scratch(norm.scratchBytes());
  const bool half = b.type(x).dtype == DType::bfloat16;
  b.call("batch norm " + layoutName(md), {given, from, v.weight, v.bias, v.mean, v.variance},
         {to, dweight, dbias, scratch}, [=] {
           if (half)
             norm.backward(halves(given), halves(from), v.at(), halves(to), floats(dweight), floats(dbias), scratch->data);
           else norm.backward(floats(given), floats(from), v.at(), floats(to), floats(dweight), floats(dbias), scratch->data);
         });
}

struct Rows {
  int64_t count, size;
};
Rows rowsOf(const Dims &d) {
  require(d.size() == 2, "two axes are needed");
  return {d[0], d[1]};
}

/// standardize(x [r, k]): epsilon. y and rstd [r, 1].
void standardize(Builder &b) {
  const int x = b.input(0), y = b.output(0), rstd = b.output(1);
  const Rows rows = rowsOf(b.dims(x));
  require(b.type(rstd).count() == rows.count && b.dims(y) == b.dims(x), "shapes do not agree");
  const float epsilon = float(b.attr(0));
  const Version from = wantFloat(b, x, plainMd(b.dims(x), F32::f32));
  const Version to = produceFloat(b, y, plainMd(b.dims(y), F32::f32)),
                scale = produceFloat(b, rstd, plainMd(b.dims(rstd), F32::f32));
  b.call("rows", {from.buffer}, {to.buffer, scale.buffer}, [=] {
    parallelFor(rows.count, grainOf(rows.size), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const float *in = floats(from.buffer) + r * rows.size;
        float *out = floats(to.buffer) + r * rows.size;
        const float mean = kernels().reduce(kSum, in, size_t(rows.size)) / float(rows.size);
        kernels().scaleShift(in, 1.0f, -mean, out, size_t(rows.size));
        const float variance = kernels().dot(out, out, size_t(rows.size)) / float(rows.size);
        const float s = 1.0f / std::sqrt(variance + epsilon);
        kernels().scaleShift(out, s, 0.0f, out, size_t(rows.size));
        floats(scale.buffer)[r] = s;
      }
    });
  });
  finishFloat(b, y, to);
  finishFloat(b, rstd, scale);
}

/// standardizeGrad(dy, y, rstd): rstd·(dy − mean(dy) − y·mean(dy·y)).
void standardizeGrad(Builder &b) {
  const int dy = b.input(0), y = b.input(1), rstd = b.input(2), dx = b.output();
  const Rows rows = rowsOf(b.dims(y));
  require(b.dims(dy) == b.dims(y) && b.dims(dx) == b.dims(y) && b.type(rstd).count() == rows.count, "shapes do not agree");
  const Md md = plainMd(b.dims(y), F32::f32);
  const Version g = wantFloat(b, dy, md), v = wantFloat(b, y, md), scale = wantFloat(b, rstd, plainMd(b.dims(rstd), F32::f32));
  const Version to = produceFloat(b, dx, md);
  b.call("rows", {g.buffer, v.buffer, scale.buffer}, {to.buffer}, [=] {
    parallelFor(rows.count, grainOf(rows.size), [&](int64_t begin, int64_t end) {
      const size_t n = size_t(rows.size);
      for (int64_t r = begin; r < end; r++) {
        const float *dyRow = floats(g.buffer) + r * rows.size, *yRow = floats(v.buffer) + r * rows.size;
        float *out = floats(to.buffer) + r * rows.size;
        const float s = floats(scale.buffer)[r];
        const float mean = kernels().reduce(kSum, dyRow, n) / float(n), along = kernels().dot(dyRow, yRow, n) / float(n);
        const float zero = -s * along, shift = -s * mean;
        for (size_t i = 0; i < n; i++) out[i] = s * dyRow[i] + (zero * yRow[i] + shift);
      }
    });
  });
  finishFloat(b, dx, to);
}

}  // namespace

const std::vector<OpEntry> normOps = {{"batchNormTrain", batchNorm, nullptr},
                                      {"batchNormGrad", batchNormGrad, nullptr},
                                      {"standardize", standardize, nullptr},
                                      {"standardizeGrad", standardizeGrad, nullptr}};

}  // namespace fovea
