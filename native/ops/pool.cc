// Pooling: oneDNN's in the format of the input; plain loops where places of maxima are read by others.
#include <cmath>
#include <limits>

#include "lane-pool.h"
#include "ops.h"

namespace fovea {

namespace {

using dnnl::algorithm;
using dnnl::prop_kind;

struct Window {
  int64_t kh, kw, sh, sw, top, left, bottom, right;
};

/// Attributes: kernel 2, stride 2, padding top left bottom right, countIncludePad.
Window windowOf(const Builder &b) {
  const auto at = [&](size_t i, int64_t low) { return b.intAttr(i, low, 1 << 20); };
  return {at(0, 1), at(1, 1), at(2, 1), at(3, 1), at(4, 0), at(5, 0), at(6, 0), at(7, 0)};
}

struct Sizes {
  int64_t planes, h, w, oh, ow;
};

Sizes sizesOf(const Dims &x, const Dims &y) {
  require(x.size() == 4 && y.size() == 4 && x[0] == y[0] && x[1] == y[1], "four axes are needed, alike in the first two");
  return {x[0] * x[1], x[2], x[3], y[2], y[3]};
}

/// Trailing padding that makes the last window fit, which with ceil mode may be more than was asked for.
Dims trailing(const Window &w, const Sizes &s) {
  return {std::max(w.bottom, (s.oh - 1) * w.sh + w.kh - s.h - w.top),
          std::max(w.right, (s.ow - 1) * w.sw + w.kw - s.w - w.left)};
}

struct PoolPd {
  dnnl::pooling_forward::primitive_desc pd;
  Dims stride, kernel, before, after;
};

PoolPd makePool(Builder &b, prop_kind kind, algorithm algorithm, const Md &x, const Dims &y, const Window &w,
                const Sizes &s) {
  PoolPd p;
  p.stride = {w.sh, w.sw};
  p.kernel = {w.kh, w.kw};
  p.before = {w.top, w.left};
  p.after = trailing(w, s);
  const Md ym(y, typeOf(x), dnnl::memory::format_tag::any);
  p.pd = poolPd(b.engine(), b.attributes(), kind, algorithm, x, ym, p.stride, p.kernel, p.before, p.after);
  return p;
}

/// maxPool(x): y, and a workspace only maxPoolGrad reads if there is a second output.
void maxPool(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(x), b.dims(y));
  const bool train = b.outputs() > 1;
  require(b.type(x).dtype == b.type(y).dtype, "the result has another type");
  if (fitsLanePool(b, x, y)) return laneMaxPool(b);
  const Md xm = dimsOf(b.mdOf(x)) == b.dims(x) ? b.mdOf(x) : plainMd(b.type(x));
  const auto p = makePool(b, train ? prop_kind::forward_training : prop_kind::forward_inference, algorithm::pooling_max,
                          xm, b.dims(y), w, s);
  std::vector<Builder::Arg> writes = {{DNNL_ARG_DST, b.produce(y, p.pd.dst_desc())}};
  if (train) writes.push_back({DNNL_ARG_WORKSPACE, b.produceOpaque(b.output(1), p.pd.workspace_desc())});
  b.primitive(p.pd, dnnl::pooling_forward(p.pd), {{DNNL_ARG_SRC, b.want(x, xm)}}, writes);
}

/// maxPoolGrad(dy, workspace, x): dx. x lends its format and is not read.
void maxPoolGrad(Builder &b) {
  const int dy = b.input(0), workspace = b.input(1), x = b.input(2), dx = b.output();
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(dx), b.dims(dy));
  if (isLanes(b.base(workspace).md)) return laneMaxPoolGrad(b);
  const Md xm = dimsOf(b.mdOf(x)) == b.dims(dx) && b.type(x).dtype == b.type(dx).dtype ? b.mdOf(x) : plainMd(b.type(dx));
  const auto p = makePool(b, prop_kind::forward_training, algorithm::pooling_max, xm, b.dims(dy), w, s);
  const Md ym = p.pd.dst_desc();
  const auto pd = poolGradPd(b.engine(), b.attributes(), p.pd, algorithm::pooling_max, xm, ym, p.stride, p.kernel,
                             p.before, p.after);
  require(b.base(workspace).md == p.pd.workspace_desc(), "this is not the workspace of the forward pass");
  b.primitive(pd, dnnl::pooling_backward(pd),
              {{DNNL_ARG_DIFF_DST, b.want(dy, ym)}, {DNNL_ARG_WORKSPACE, b.base(workspace)}},
              {{DNNL_ARG_DIFF_SRC, b.produce(dx, xm)}});
}

algorithm averaging(const Builder &b) {
  return b.intAttr(8, 0, 1) ? algorithm::pooling_avg_include_padding : algorithm::pooling_avg_exclude_padding;
}

/// Whether windows hang over the padded image, where PyTorch counts fewer elements than oneDNN.
bool hangsOver(const Window &w, const Sizes &s) {
  return (s.oh - 1) * w.sh + w.kh > s.h + w.top + w.bottom || (s.ow - 1) * w.sw + w.kw > s.w + w.left + w.right;
}

struct Span {
  int64_t begin, end, counted;
};

/// Elements of window i along one axis, and how many count.
Span spanOf(int64_t i, int64_t stride, int64_t kernel, int64_t before, int64_t after, int64_t size, bool includePad) {
  const int64_t start = i * stride - before, end = std::min(start + kernel, size + after);
  const int64_t from = std::max<int64_t>(start, 0), to = std::min(end, size);
  return {from, to, includePad ? end - start : std::max<int64_t>(to - from, 0)};
}

template <class Body>
void eachWindow(const Window &w, const Sizes &s, bool includePad, const Body &body) {
  for (int64_t i = 0; i < s.oh; i++) {
    const Span v = spanOf(i, w.sh, w.kh, w.top, w.bottom, s.h, includePad);
    for (int64_t j = 0; j < s.ow; j++) {
      const Span u = spanOf(j, w.sw, w.kw, w.left, w.right, s.w, includePad);
      body(i * s.ow + j, v, u, 1.0f / float(std::max<int64_t>(v.counted * u.counted, 1)));
    }
  }
}

void plainAvgPool(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(x), b.dims(y));
  const bool includePad = b.intAttr(8, 0, 1);
  const Version from = wantFloat(b, x, plainMd(b.dims(x), dnnl::memory::data_type::f32));
  const Version to = produceFloat(b, y, plainMd(b.dims(y), dnnl::memory::data_type::f32));
  b.call("window average", {from.buffer}, {to.buffer}, [=] {
    parallelFor(s.planes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++) {
        const float *in = floats(from.buffer) + p * s.h * s.w;
        float *out = floats(to.buffer) + p * s.oh * s.ow;
        eachWindow(w, s, includePad, [&](int64_t at, const Span &v, const Span &u, float share) {
          float total = 0;
          for (int64_t i = v.begin; i < v.end; i++)
            for (int64_t j = u.begin; j < u.end; j++) total += in[i * s.w + j];
          out[at] = total * share;
        });
      }
    });
  });
  finishFloat(b, y, to);
}

void plainAvgPoolGrad(Builder &b) {
  const int dy = b.input(0), dx = b.output();
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(dx), b.dims(dy));
  const bool includePad = b.intAttr(8, 0, 1);
  const Version from = wantFloat(b, dy, plainMd(b.dims(dy), dnnl::memory::data_type::f32));
  const Version to = produceFloat(b, dx, plainMd(b.dims(dx), dnnl::memory::data_type::f32));
  b.call("window average", {from.buffer}, {to.buffer}, [=] {
    parallelFor(s.planes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++) {
        const float *in = floats(from.buffer) + p * s.oh * s.ow;
        float *out = floats(to.buffer) + p * s.h * s.w;
        std::fill(out, out + s.h * s.w, 0.0f);
        eachWindow(w, s, includePad, [&](int64_t at, const Span &v, const Span &u, float share) {
          for (int64_t i = v.begin; i < v.end; i++)
            for (int64_t j = u.begin; j < u.end; j++) out[i * s.w + j] += in[at] * share;
        });
      }
    });
  });
  finishFloat(b, dx, to);
}

void avgPool(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(x), b.dims(y));
  if (fitsLanePool(b, x, y)) return laneAvgPool(b);
  if (b.intAttr(8, 0, 1) && hangsOver(w, s)) return plainAvgPool(b);
  const Md xm = dimsOf(b.mdOf(x)) == b.dims(x) ? b.mdOf(x) : plainMd(b.type(x));
  const auto p = makePool(b, prop_kind::forward_inference, averaging(b), xm, b.dims(y), w, s);
  b.primitive(p.pd, dnnl::pooling_forward(p.pd), {{DNNL_ARG_SRC, b.want(x, xm)}},
              {{DNNL_ARG_DST, b.produce(y, p.pd.dst_desc())}});
}

/// avgPool2dGrad(dy): dx, in the format of dy.
void avgPoolGrad(Builder &b) {
  const int dy = b.input(0), dx = b.output();
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(dx), b.dims(dy));
  if (b.intAttr(8, 0, 1) && hangsOver(w, s)) return plainAvgPoolGrad(b);
  const Dims xd = b.dims(dx);
  Md xm = plainMd(b.type(dx));
  for (const auto tag : {dnnl::memory::format_tag::nChw16c, dnnl::memory::format_tag::nChw8c, dnnl::memory::format_tag::nhwc})
    if (Md(b.dims(dy), typeOf(xm), tag) == b.mdOf(dy) && !isPlain(b.mdOf(dy))) xm = Md(xd, typeOf(xm), tag);
  const auto p = makePool(b, prop_kind::forward_training, averaging(b), xm, b.dims(dy), w, s);
  const auto pd = poolGradPd(b.engine(), b.attributes(), p.pd, averaging(b), xm, p.pd.dst_desc(), p.stride, p.kernel,
                             p.before, p.after);
  b.primitive(pd, dnnl::pooling_backward(pd), {{DNNL_ARG_DIFF_DST, b.want(dy, p.pd.dst_desc())}},
              {{DNNL_ARG_DIFF_SRC, b.produce(dx, xm)}});
}

/// maxPool2dWithIndex(x): y and the place of each maximum in its window, for anybody to read.
void maxPoolWithIndex(Builder &b) {
  const int x = b.input(0), y = b.output(0), index = b.output(1);
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(x), b.dims(y));
  require(b.type(index).shape == b.type(y).shape, "an index for each maximum");
  require(b.type(index).dtype == DType::uint8 || b.type(index).dtype == DType::int32, "indices must be integers");
  const bool small = b.type(index).dtype == DType::uint8;
  const Version from = wantFloat(b, x, plainMd(b.dims(x), dnnl::memory::data_type::f32));
  const Version to = produceFloat(b, y, plainMd(b.dims(y), dnnl::memory::data_type::f32));
  const Version place = b.producePlain(index);
  b.call("window maximum", {from.buffer}, {to.buffer, place.buffer}, [=] {
    parallelFor(s.planes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++) {
        const float *in = floats(from.buffer) + p * s.h * s.w;
        for (int64_t i = 0; i < s.oh; i++)
          for (int64_t j = 0; j < s.ow; j++) {
            float best = -INFINITY;
            int64_t where = -1;
            for (int64_t k = 0; k < w.kh * w.kw; k++) {
              const int64_t r = i * w.sh - w.top + k / w.kw, c = j * w.sw - w.left + k % w.kw;
              if (r < 0 || r >= s.h || c < 0 || c >= s.w) continue;
              const float v = in[r * s.w + c];
              if (where < 0 || v > best || (std::isnan(v) && !std::isnan(best))) {
                best = v;
                where = k;
              }
            }
            const int64_t at = p * s.oh * s.ow + i * s.ow + j;
            floats(to.buffer)[at] = best;
            if (small) bytesOf(place.buffer)[at] = uint8_t(where);
            else ints(place.buffer)[at] = int32_t(where);
          }
      }
    });
  });
  finishFloat(b, y, to);
}

/// maxPool2dGrad(dy, index) from places that anybody may have written: those outside are left out.
void maxPoolGradFromIndex(Builder &b) {
  const int dy = b.input(0), index = b.input(1), dx = b.output();
  const Window w = windowOf(b);
  const Sizes s = sizesOf(b.dims(dx), b.dims(dy));
  require(b.type(index).shape == b.type(dy).shape, "an index for each maximum");
  require(b.type(index).dtype == DType::uint8 || b.type(index).dtype == DType::int32, "indices must be integers");
  const bool small = b.type(index).dtype == DType::uint8;
  const Version from = wantFloat(b, dy, plainMd(b.dims(dy), dnnl::memory::data_type::f32));
  const Version place = b.plain(index);
  const Version to = produceFloat(b, dx, plainMd(b.dims(dx), dnnl::memory::data_type::f32));
  b.call("window maximum", {from.buffer, place.buffer}, {to.buffer}, [=] {
    parallelFor(s.planes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++) {
        float *out = floats(to.buffer) + p * s.h * s.w;
        std::fill(out, out + s.h * s.w, 0.0f);
        for (int64_t i = 0; i < s.oh; i++)
          for (int64_t j = 0; j < s.ow; j++) {
            const int64_t at = p * s.oh * s.ow + i * s.ow + j;
            const int64_t k = small ? int64_t(bytesOf(place.buffer)[at]) : int64_t(ints(place.buffer)[at]);
            if (k < 0 || k >= w.kh * w.kw) continue;
            const int64_t r = i * w.sh - w.top + k / w.kw, c = j * w.sw - w.left + k % w.kw;
            if (r >= 0 && r < s.h && c >= 0 && c < s.w) out[r * s.w + c] += floats(from.buffer)[at];
          }
      }
    });
  });
  finishFloat(b, dx, to);
}

}  // namespace

const std::vector<OpEntry> poolOps = {{"maxPool", maxPool, nullptr},
                                      {"maxPoolGrad", maxPoolGrad, nullptr},
                                      {"maxPool2dWithIndex", maxPoolWithIndex, nullptr},
                                      {"maxPool2dGrad", maxPoolGradFromIndex, nullptr},
                                      {"avgPool2d", avgPool, nullptr},
                                      {"avgPool2dGrad", avgPoolGrad, nullptr},
                                      {"laneAvgPoolGrad", laneAvgPoolGrad, nullptr}};

}  // namespace fovea
