// Matrix products: batched ones by oneDNN's matmul, those with a layer's weights by its inner product,
// which lets the weights lie in blocks.
#include "ops.h"

namespace fovea {

namespace {

using dnnl::algorithm;
using dnnl::prop_kind;
using Tag = dnnl::memory::format_tag;

/// The matrix as the product sees it: leading ones added, the last two axes swapped if transposed.
Md matrixMd(Dims dims, DType type, size_t rank, bool transposed) {
  require(dims.size() >= 2 && dims.size() <= rank, "matrices are needed");
  dims.insert(dims.begin(), rank - dims.size(), 1);
  Dims strides(rank, 1);
  for (size_t i = rank; i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(dims[i], 1);
  if (transposed) {
    std::swap(dims[rank - 1], dims[rank - 2]);
    std::swap(strides[rank - 1], strides[rank - 2]);
  }
  return Md(dims, dnnlType(type), strides);
}

dnnl::primitive_attr withActivation(const Builder &b, size_t at) {
  auto attr = b.attributes();
  dnnl::post_ops ops;
  switch (b.intAttr(at, 0, 3)) {
    case 1: appendEltwise(ops, algorithm::eltwise_relu, 0, 0); break;
    case 2: appendEltwise(ops, algorithm::eltwise_logistic, 0, 0); break;
    case 3: appendEltwise(ops, algorithm::eltwise_tanh, 0, 0); break;
    default: return attr;
  }
  attr.set_post_ops(ops);
  return attr;
}

/// matmul(a, b, bias?): transposeA, transposeB, activation.
void matmul(Builder &b) {
  const int x = b.input(0), w = b.input(1), bias = b.optionalInput(2), y = b.output();
  const size_t rank = b.dims(y).size();
  const Md xm = matrixMd(b.dims(x), b.type(x).dtype, rank, b.intAttr(0, 0, 1)),
           wm = matrixMd(b.dims(w), b.type(w).dtype, rank, b.intAttr(1, 0, 1)),
           ym = matrixMd(b.dims(y), b.type(y).dtype, rank, false);
  const auto attr = withActivation(b, 2);
  std::vector<Builder::Arg> reads = {{DNNL_ARG_SRC, {xm, b.plain(x).buffer}}, {DNNL_ARG_WEIGHTS, {wm, b.plain(w).buffer}}};
  Md bm;
  if (bias >= 0) {
    const int64_t columns = b.dims(y).back();
    require(b.type(bias).count() == columns, "the bias must have one number per column");
    Dims d(rank, 1);
    d.back() = columns;
    bm = plainMd(d, dnnlType(b.type(bias).dtype));
    reads.push_back({DNNL_ARG_BIAS, {bm, b.plain(bias).buffer}});
  }
  const auto pd = bias >= 0 ? makePd<dnnl::matmul>(b.engine(), attr, xm, wm, bm, ym)
                            : makePd<dnnl::matmul>(b.engine(), attr, xm, wm, ym);
  b.primitive(pd, dnnl::matmul(pd), reads, {{DNNL_ARG_DST, b.producePlain(y)}});
}

Md anyMd(const Dims &dims, DType type) { return Md(dims, dnnlType(type), Tag::any); }

struct Linear {
  Dims x, w, y;
};

Linear linearDims(const Dims &x, const Dims &w, const Dims &y) {
  require(x.size() == 2 && w.size() == 2 && y.size() == 2, "two axes are needed");
  return {x, w, y};
}

dnnl::inner_product_forward::primitive_desc linearPd(const Builder &b, const dnnl::primitive_attr &attr, prop_kind kind,
                                                     const Linear &d, DType type, DType out, bool bias) {
  const Md xm = plainMd(d.x, dnnlType(type)), wm = anyMd(d.w, type), ym = plainMd(d.y, dnnlType(out));
  if (bias) {
    return makePd<dnnl::inner_product_forward>(b.engine(), attr, kind, xm, wm, plainMd({d.y[1]}, dnnlType(DType::float32)),
                                               ym);
  }
  return makePd<dnnl::inner_product_forward>(b.engine(), attr, kind, xm, wm, ym);
}

/// linear(x [n, i], w [o, i], bias? [o]): activation, 1 if training follows.
dnnl::inner_product_forward::primitive_desc forwardPd(Builder &b) {
  const int x = b.input(0), w = b.input(1), y = b.output();
  const auto kind = b.intAttr(1, 0, 1) ? prop_kind::forward_training : prop_kind::forward_inference;
  return linearPd(b, withActivation(b, 0), kind, linearDims(b.dims(x), b.dims(w), b.dims(y)), b.type(x).dtype,
                  b.type(y).dtype, b.optionalInput(2) >= 0);
}

void claimLinear(Builder &b) {
  if (b.isVariable(b.input(1))) b.claim(b.input(1), forwardPd(b).weights_desc());
}

void linear(Builder &b) {
  const auto pd = forwardPd(b);
  std::vector<Builder::Arg> reads = {{DNNL_ARG_SRC, b.plain(b.input(0))},
                                     {DNNL_ARG_WEIGHTS, b.want(b.input(1), pd.weights_desc())}};
  if (b.optionalInput(2) >= 0) reads.push_back({DNNL_ARG_BIAS, b.want(b.input(2), pd.bias_desc())});
  b.primitive(pd, dnnl::inner_product_forward(pd), reads, {{DNNL_ARG_DST, b.producePlain(b.output())}});
}

/// linearInputGrad(dy [n, o], w [o, i]): dx [n, i].
void linearInputGrad(Builder &b) {
  const int dy = b.input(0), w = b.input(1), dx = b.output();
  const auto type = b.type(dy).dtype;
  const Linear d = linearDims(b.dims(dx), b.dims(w), b.dims(dy));
  const auto hint = linearPd(b, b.attributes(), prop_kind::forward_training, d, type, type, false);
  const auto make = [&](const Md &weights) {
    return makeGradPd<dnnl::inner_product_backward_data>(b.engine(), b.attributes(), hint,
                                                         plainMd(d.x, dnnlType(b.type(dx).dtype)), weights,
                                                         plainMd(d.y, dnnlType(type)));
  };
  const auto pd = make(anyMd(d.w, type));
  b.primitive(pd, dnnl::inner_product_backward_data(pd),
              {{DNNL_ARG_DIFF_DST, b.plain(dy)}, {DNNL_ARG_WEIGHTS, b.want(w, pd.weights_desc())}},
              {{DNNL_ARG_DIFF_SRC, b.producePlain(dx)}});
}

dnnl::inner_product_backward_weights::primitive_desc weightGradPd(Builder &b, const Md *format) {
  const int x = b.input(0), dy = b.input(1), dw = b.output();
  const auto type = b.type(x).dtype, out = b.type(dw).dtype;
  const Linear d = linearDims(b.dims(x), b.dims(dw), b.dims(dy));
  const bool bias = b.outputs() > 1;
  const auto hint = linearPd(b, b.attributes(), prop_kind::forward_training, d, type, type, bias);
  const Md xm = plainMd(d.x, dnnlType(type)), ym = plainMd(d.y, dnnlType(type)), wm = format ? *format : anyMd(d.w, out),
           bm = plainMd({d.y[1]}, dnnlType(DType::float32));
  return bias ? makeGradPd<dnnl::inner_product_backward_weights>(b.engine(), b.attributes(), hint, xm, wm, bm, ym)
              : makeGradPd<dnnl::inner_product_backward_weights>(b.engine(), b.attributes(), hint, xm, wm, ym);
}

/// Whether the third input is the weights that the gradient is for.
bool isLike(const Builder &b, int like) {
  return like >= 0 && b.type(like).shape == b.type(b.output()).shape && b.type(like).dtype == b.type(b.output()).dtype;
}

void claimWeightGrad(Builder &b) {
  const int like = b.optionalInput(2);
  if (b.isVariable(like) && isLike(b, like)) b.claim(like, weightGradPd(b, nullptr).diff_weights_desc());
}

/// linearWeightGrad(x [n, i], dy [n, o], weights?): dw [o, i], and the sum of dy over n where a second
/// output is asked for. dw is wanted in the format of the weights.
void linearWeightGrad(Builder &b) {
  const int x = b.input(0), dy = b.input(1), like = b.optionalInput(2), dw = b.output();
  auto pd = weightGradPd(b, nullptr);
  if (isLike(b, like) && dimsOf(b.mdOf(like)) == b.dims(dw)) {
    try {
      pd = weightGradPd(b, &b.mdOf(like));
    } catch (const dnnl::error &) {
      // Its own choice then; the update reorders.
    }
  }
  std::vector<Builder::Arg> writes = {{DNNL_ARG_DIFF_WEIGHTS, b.produce(dw, pd.diff_weights_desc())}};
  if (b.outputs() > 1) {
    require(b.type(b.output(1)).count() == b.dims(dy)[1], "the bias gradient has one number per column");
    writes.push_back({DNNL_ARG_DIFF_BIAS, b.produce(b.output(1), pd.diff_bias_desc())});
  }
  b.primitive(pd, dnnl::inner_product_backward_weights(pd),
              {{DNNL_ARG_SRC, b.plain(x)}, {DNNL_ARG_DIFF_DST, b.plain(dy)}}, writes);
}

}  // namespace

const std::vector<OpEntry> matmulOps = {{"matmul", matmul, nullptr},
                                        {"linear", linear, claimLinear},
                                        {"linearInputGrad", linearInputGrad, nullptr},
                                        {"linearWeightGrad", linearWeightGrad, claimWeightGrad}};

}  // namespace fovea
