// conv2d and its two adjoints by oneDNN's convolutions, direct or Winograd's, in formats of their choice.
#include "ops.h"

namespace fovea {

namespace {

using dnnl::algorithm;
using dnnl::prop_kind;

struct Window {
  Dims stride, before, after, dilation;
  int64_t groups;
};

/// Attributes: stride 2, padding top left bottom right, dilation 2, groups.
Window windowOf(const Builder &b) {
  Window w;
  const auto at = [&](size_t i, int64_t low) { return b.intAttr(i, low, 1 << 24); };
  w.stride = {at(0, 1), at(1, 1)};
  w.before = {at(2, 0), at(3, 0)};
  w.after = {at(4, 0), at(5, 0)};
  w.dilation = {at(6, 1) - 1, at(7, 1) - 1};
  w.groups = at(8, 1);
  return w;
}

/// Activation after the sum, as a post-op; attribute `at` is its code.
void addActivation(const Builder &b, size_t at, dnnl::post_ops &ops) {
  switch (b.intAttr(at, 0, 3)) {
    case 1: return appendEltwise(ops, algorithm::eltwise_relu, 0, 0);
    case 2: return appendEltwise(ops, algorithm::eltwise_logistic, 0, 0);
    case 3: return appendEltwise(ops, algorithm::eltwise_tanh, 0, 0);
    default: return;
  }
}

/// What `make` gives for Winograd's algorithm if the plan asks for it and the library has it for this shape
/// (releases after 2.x have none), else for the direct one.
template <class Make>
auto withAlgorithm(bool winograd, const Make &make) {
  if (winograd) {
    try {
      return make(algorithm::convolution_winograd);
    } catch (const dnnl::error &) {
      // If something else is wrong, the direct algorithm says so.
    }
  }
  return make(algorithm::convolution_direct);
}

Md anyMd(const Dims &dims, DType type) { return Md(dims, dnnlType(type), dnnl::memory::format_tag::any); }

Dims weightDims(const Dims &w, int64_t groups) {
  require(w.size() == 4 && w[0] % groups == 0, "weights need four axes and whole groups");
  return groups == 1 ? w : Dims{groups, w[0] / groups, w[1], w[2], w[3]};
}

dnnl::convolution_forward::primitive_desc forwardPd(const Builder &b, const dnnl::primitive_attr &attr, prop_kind kind,
                                                    algorithm by, const Md &xm, const Dims &w, const Dims &y, DType type,
                                                    DType out, const Window &at, bool bias) {
  const Md wm = anyMd(w, type), ym = anyMd(y, out);
  if (bias) {
    const Md bm = anyMd({y[1]}, DType::float32);
    return makePd<dnnl::convolution_forward>(b.engine(), attr, kind, by, xm, wm, bm, ym, at.stride, at.dilation,
                                             at.before, at.after);
  }
  return makePd<dnnl::convolution_forward>(b.engine(), attr, kind, by, xm, wm, ym, at.stride, at.dilation, at.before,
                                           at.after);
}

/// conv2d(x, w, bias?, residual?): attributes of the window, activation code, 1 if training follows, 1 for
/// Winograd's algorithm.
dnnl::convolution_forward::primitive_desc convPd(Builder &b, const Md &xm) {
  const Window at = windowOf(b);
  const int x = b.input(0), w = b.input(1);
  require(b.dims(x).size() == 4 && b.dims(b.output()).size() == 4, "four axes are needed");
  auto attr = b.attributes();
  dnnl::post_ops ops;
  if (b.optionalInput(3) >= 0) ops.append_sum(1.0f);
  addActivation(b, 9, ops);
  attr.set_post_ops(ops);
  const auto kind = b.intAttr(10, 0, 1) ? prop_kind::forward_training : prop_kind::forward_inference;
  return withAlgorithm(b.intAttr(11, 0, 1) == 1, [&](algorithm by) {
    return forwardPd(b, attr, kind, by, xm, weightDims(b.dims(w), at.groups), b.dims(b.output()), b.type(x).dtype,
                     b.type(b.output()).dtype, at, b.optionalInput(2) >= 0);
  });
}

void claimConv(Builder &b) {
  if (!b.isVariable(b.input(1))) return;
  const Md md = convPd(b, anyMd(b.dims(b.input(0)), b.type(b.input(0)).dtype)).weights_desc();
  // Transformed weights cannot be read back.
  if (!isOpaque(md)) b.claim(b.input(1), md);
}

/// Blocks of channels if x lies so: the direct algorithm, left to itself, takes channels-last in inference,
/// and every change between it and Winograd's would reorder. Else of the primitive's choice.
Md inputMd(const Builder &b, int x, int64_t groups) {
  const Md any = anyMd(b.dims(x), b.type(x).dtype), &md = b.mdOf(x);
  ChannelView view;
  const bool blocked = dimsOf(md) == b.dims(x) && channelView(md, view) && view.block > 1 && view.blocks > 1;
  return blocked && !view.padded() && groups == 1 ? md : any;
}

void conv(Builder &b) {
  const auto pd = convPd(b, inputMd(b, b.input(0), windowOf(b).groups));
  const int bias = b.optionalInput(2), residual = b.optionalInput(3);
  std::vector<Builder::Arg> reads = {{DNNL_ARG_SRC, b.want(b.input(0), pd.src_desc())},
                                     {DNNL_ARG_WEIGHTS, b.want(b.input(1), pd.weights_desc())}};
  if (bias >= 0) reads.push_back({DNNL_ARG_BIAS, b.want(bias, pd.bias_desc())});
  if (residual < 0) {
    b.primitive(pd, dnnl::convolution_forward(pd), reads, {{DNNL_ARG_DST, b.produce(b.output(), pd.dst_desc())}});
    return;
  }
  // The sum reads what is already in the output's memory.
  require(b.type(residual).shape == b.type(b.output()).shape, "the residual must have the output's shape");
  const Version from = b.want(residual, pd.dst_desc());
  const Version y = b.produceOver(b.output(), pd.dst_desc(), {residual});
  if (y.buffer != from.buffer) copyBytes(b, from.buffer, y.buffer, pd.dst_desc().get_size());
  b.primitive(pd, dnnl::convolution_forward(pd), reads, {{DNNL_ARG_DST, y}});
}

/// conv2dInputGrad(dy, w): attributes of the window, 1 for Winograd's algorithm.
void convInputGrad(Builder &b) {
  const Window at = windowOf(b);
  const int dy = b.input(0), w = b.input(1), dx = b.output();
  const auto type = b.type(dy).dtype;
  const Dims wd = weightDims(b.dims(w), at.groups), xd = b.dims(dx), yd = b.dims(dy);
  require(xd.size() == 4 && yd.size() == 4, "four axes are needed");
  const auto pd = withAlgorithm(b.intAttr(9, 0, 1) == 1, [&](algorithm by) {
    const auto hint = forwardPd(b, b.attributes(), prop_kind::forward_training, by, anyMd(xd, type), wd, yd, type, type, at, false);
    return makeGradPd<dnnl::convolution_backward_data>(b.engine(), b.attributes(), hint, by, anyMd(xd, b.type(dx).dtype),
                                                       anyMd(wd, type), anyMd(yd, type), at.stride, at.dilation, at.before,
                                                       at.after);
  });
  b.primitive(pd, dnnl::convolution_backward_data(pd),
              {{DNNL_ARG_DIFF_DST, b.want(dy, pd.diff_dst_desc())}, {DNNL_ARG_WEIGHTS, b.want(w, pd.weights_desc())}},
              {{DNNL_ARG_DIFF_SRC, b.produce(dx, pd.diff_src_desc())}});
}

struct WeightGrad {
  dnnl::convolution_backward_weights::primitive_desc pd;
  bool bias;
  int64_t channels;
};

WeightGrad weightGradPd(Builder &b) {
  const Window at = windowOf(b);
  const int x = b.input(0), dy = b.input(1), dw = b.output();
  const auto type = b.type(x).dtype, out = b.type(dw).dtype;
  const Dims wd = weightDims(b.dims(dw), at.groups), xd = b.dims(x), yd = b.dims(dy);
  require(xd.size() == 4 && yd.size() == 4, "four axes are needed");
  const bool bias = b.outputs() > 1;
  const Md xm = anyMd(xd, type), wm = anyMd(wd, out), ym = anyMd(yd, type), bm = anyMd({yd[1]}, DType::float32);
  const auto pd = withAlgorithm(b.intAttr(9, 0, 1) == 1, [&](algorithm by) {
    const auto hint = forwardPd(b, b.attributes(), prop_kind::forward_training, by, anyMd(xd, type), wd, yd, type, type, at, bias);
    const auto make = [&](const auto &...outputs) {
      return makeGradPd<dnnl::convolution_backward_weights>(b.engine(), b.attributes(), hint, by, xm, outputs..., ym,
                                                            at.stride, at.dilation, at.before, at.after);
    };
    return bias ? make(wm, bm) : make(wm);
  });
  return {pd, bias, yd[1]};
}

/// Weights that no forward convolution reads as they are lie as their gradient does.
void claimWeightGrad(Builder &b) {
  const int like = b.optionalInput(2);
  if (b.isVariable(like) && b.type(like).dtype == b.type(b.output()).dtype && b.type(like).shape == b.type(b.output()).shape)
    b.claim(like, weightGradPd(b).pd.diff_weights_desc());
}

/// conv2dWeightGrad(x, dy, weights?): attributes of the window, 1 for Winograd's algorithm. dw, and the sum of
/// dy over all but channels where a second output is asked for. The third input only says whose gradient it is.
void convWeightGrad(Builder &b) {
  const auto [pd, bias, channels] = weightGradPd(b);
  std::vector<Builder::Arg> writes = {{DNNL_ARG_DIFF_WEIGHTS, b.produce(b.output(), pd.diff_weights_desc())}};
  if (bias) {
    require(b.type(b.output(1)).count() == channels, "the bias gradient has one number per channel");
    writes.push_back({DNNL_ARG_DIFF_BIAS, b.produce(b.output(1), pd.diff_bias_desc())});
  }
  b.primitive(pd, dnnl::convolution_backward_weights(pd),
              {{DNNL_ARG_SRC, b.want(b.input(0), pd.src_desc())}, {DNNL_ARG_DIFF_DST, b.want(b.input(1), pd.diff_dst_desc())}},
              writes);
}

}  // namespace

const std::vector<OpEntry> convOps = {{"conv2d", conv, claimConv},
                                      {"conv2dInputGrad", convInputGrad, nullptr},
                                      {"conv2dWeightGrad", convWeightGrad, claimWeightGrad}};

}  // namespace fovea
