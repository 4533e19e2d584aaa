// Normalisation: batch norm by oneDNN in the format of x, row standardisation by loops of our own.
#include <cmath>

#include "ops.h"

namespace fovea {

namespace {

using Flags = dnnl::normalization_flags;
using F32 = dnnl::memory::data_type;

/// [n, c] is one pixel of an image in channels-last order.
Md imageMd(Builder &b, int x) {
  const Dims d = b.dims(x);
  require(d.size() >= 2 && d.size() <= 5, "two to five axes are needed");
  if (d.size() == 2) return Md({d[0], d[1], 1, 1}, typeOf(b.mdOf(x)), dnnl::memory::format_tag::acdb);
  return dimsOf(b.mdOf(x)) == d ? b.mdOf(x) : plainMd(b.type(x));
}

Version image(Builder &b, int x, const Md &md) {
  if (b.dims(x).size() == 2) return {md, b.plain(x).buffer};
  return b.want(x, md);
}

Version produceImage(Builder &b, int id, const Md &md, std::initializer_list<int> over) {
  if (b.dims(id).size() == 2) return {md, b.produceOver(id, plainMd(b.type(id)), over).buffer};
  return b.produceOver(id, md, over);
}

Flags flagsOf(bool relu) {
  const auto affine = Flags::use_scale | Flags::use_shift;
  return relu ? affine | Flags::fuse_norm_relu : affine;
}

/// batchNormTrain(x, weight, bias): epsilon. y, mean, variance, and with ReLU fused a workspace.
void batchNorm(Builder &b) {
  const int x = b.input(0);
  const bool relu = b.outputs() > 3;
  require(b.dims(b.output(0)) == b.dims(x) && b.type(b.output(0)).dtype == b.type(x).dtype, "y must be like x");
  const Md md = imageMd(b, x);
  const auto pd = batchNormPd(b.engine(), b.attributes(), md, float(b.attr(0)), flagsOf(relu));
  const Md cm = plainMd({b.dims(x)[1]}, F32::f32);
  const auto vector = [&](int id) {
    require(b.type(id).count() == b.dims(x)[1], "one number per channel is needed");
    return b.want(id, cm);
  };
  std::vector<Builder::Arg> writes = {{DNNL_ARG_DST, produceImage(b, b.output(0), md, {})},
                                      {DNNL_ARG_MEAN, b.produce(b.output(1), cm)},
                                      {DNNL_ARG_VARIANCE, b.produce(b.output(2), cm)}};
  if (relu) writes.push_back({DNNL_ARG_WORKSPACE, b.produceOpaque(b.output(3), pd.workspace_desc())});
  b.primitive(pd, dnnl::batch_normalization_forward(pd),
              {{DNNL_ARG_SRC, image(b, x, md)}, {DNNL_ARG_SCALE, vector(b.input(1))}, {DNNL_ARG_SHIFT, vector(b.input(2))}},
              writes);
}

/// batchNormGrad(dy, x, mean, variance, weight, workspace?): dx, dweight, dbias.
void batchNormGrad(Builder &b) {
  const int dy = b.input(0), x = b.input(1), workspace = b.optionalInput(5);
  for (const int id : {dy, b.output(0)})
    require(b.dims(id) == b.dims(x) && b.type(id).dtype == b.type(x).dtype, "dy and dx must be like x");
  const Md md = imageMd(b, x);
  const float epsilon = float(b.attr(0));
  const auto flags = flagsOf(workspace >= 0);
  const auto hint = batchNormPd(b.engine(), b.attributes(), md, epsilon, flags);
  const auto pd = batchNormGradPd(b.engine(), b.attributes(), hint, md, epsilon, flags);
  const Md cm = plainMd({b.dims(x)[1]}, F32::f32);
  const auto vector = [&](int id) {
    require(b.type(id).count() == b.dims(x)[1], "one number per channel is needed");
    return b.want(id, cm);
  };
  std::vector<Builder::Arg> reads = {{DNNL_ARG_SRC, image(b, x, md)},
                                     {DNNL_ARG_DIFF_DST, image(b, dy, md)},
                                     {DNNL_ARG_MEAN, vector(b.input(2))},
                                     {DNNL_ARG_VARIANCE, vector(b.input(3))},
                                     {DNNL_ARG_SCALE, vector(b.input(4))}};
  // Not read, so any vector will do.
  if (kBatchNormGradWantsShift) reads.push_back({DNNL_ARG_SHIFT, vector(b.input(4))});
  if (workspace >= 0) {
    require(b.base(workspace).md == pd.workspace_desc(), "this is not the workspace of the forward pass");
    reads.push_back({DNNL_ARG_WORKSPACE, b.base(workspace)});
  }
  b.primitive(pd, dnnl::batch_normalization_backward(pd), reads,
              {{DNNL_ARG_DIFF_SRC, produceImage(b, b.output(0), md, {dy})},
               {DNNL_ARG_DIFF_SCALE, b.produce(b.output(1), cm)},
               {DNNL_ARG_DIFF_SHIFT, b.produce(b.output(2), cm)}});
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
