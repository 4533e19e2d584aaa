// Softmax, its logarithm, and the adjoints of both, along any axis of row-major values.
#include <cmath>

#include "ops.h"

namespace fovea {

namespace {

using F32 = dnnl::memory::data_type;

struct Lines {
  int64_t count, size, inner;
};

Lines linesOf(Builder &b, int x) {
  const Dims d = b.dims(x);
  require(!d.empty(), "an axis is needed");
  const size_t axis = size_t(b.intAttr(0, 0, int64_t(d.size()) - 1));
  Lines l{1, d[axis], 1};
  for (size_t i = 0; i < d.size(); i++)
    if (i != axis) l.count *= d[i];
  for (size_t i = axis + 1; i < d.size(); i++) l.inner *= d[i];
  return l;
}

/// body(a, b, y, n) on each line, gathered into contiguous memory where the axis is not the last.
template <class Body>
void eachLine(const Lines &l, const float *a, const float *c, float *y, float *space, const Body &body) {
  const int64_t n = l.size;
  parallelFor(l.count, grainOf(8 * n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t start = i / l.inner * n * l.inner + i % l.inner;
      if (l.inner == 1) {
        body(a + start, c ? c + start : nullptr, y + start, size_t(n));
        continue;
      }
      float *u = space + i * n * 3, *v = u + n, *w = v + n;
      for (int64_t k = 0; k < n; k++) {
        u[k] = a[start + k * l.inner];
        if (c) v[k] = c[start + k * l.inner];
      }
      body(u, v, w, size_t(n));
      for (int64_t k = 0; k < n; k++) y[start + k * l.inner] = w[k];
    }
  });
}

/// One op: `inputs` is 2 where an incoming gradient is read too.
template <class Body>
void lineStep(Builder &b, size_t inputs, const Body &body) {
  const int x = b.input(0), dy = inputs > 1 ? b.input(1) : -1, y = b.output();
  require(b.dims(x) == b.dims(y) && (dy < 0 || b.dims(dy) == b.dims(y)), "shapes do not agree");
  const Lines l = linesOf(b, x);
  const Md md = plainMd(b.dims(x), F32::f32);
  const Version from = wantFloat(b, x, md), grad = dy < 0 ? Version{} : wantFloat(b, dy, md);
  const Version to = produceFloat(b, y, md);
  std::vector<Buffer *> reads = {from.buffer}, writes = {to.buffer};
  if (dy >= 0) reads.push_back(grad.buffer);
  Buffer *space = nullptr;
  if (l.inner > 1) {
    space = b.scratch(size_t(l.count * l.size * 3) * sizeof(float));
    writes.push_back(space);
  }
  b.call("lines", reads, writes, [=] {
    eachLine(l, floats(from.buffer), grad.buffer ? floats(grad.buffer) : nullptr, floats(to.buffer),
             space ? floats(space) : nullptr, body);
  });
  finishFloat(b, y, to);
}

void softmax(Builder &b) {
  lineStep(b, 1, [](const float *x, const float *, float *y, size_t n) {
    const float top = kernels().reduce(kMax, x, n);
    const float total = kernels().expShifted(x, top, y, n);
    kernels().scaleShift(y, 1.0f / total, 0.0f, y, n);
  });
}

void logSoftmax(Builder &b) {
  lineStep(b, 1, [](const float *x, const float *, float *y, size_t n) {
    const float top = kernels().reduce(kMax, x, n);
    const float total = kernels().sumExpShifted(x, top, n);
    kernels().scaleShift(x, 1.0f, -(top + std::log(total)), y, n);
  });
}

void softmaxGrad(Builder &b) {
  lineStep(b, 2, [](const float *y, const float *dy, float *dx, size_t n) {
    const float along = kernels().dot(y, dy, n);
    for (size_t i = 0; i < n; i++) dx[i] = y[i] * (dy[i] - along);
  });
}

void logSoftmaxGrad(Builder &b) {
  lineStep(b, 2, [](const float *y, const float *dy, float *dx, size_t n) {
    const float total = kernels().reduce(kSum, dy, n);
    kernels().expShifted(y, 0.0f, dx, n);
    for (size_t i = 0; i < n; i++) dx[i] = dy[i] - dx[i] * total;
  });
}

}  // namespace

const std::vector<OpEntry> softmaxOps = {{"softmax", softmax, nullptr},
                                         {"logSoftmax", logSoftmax, nullptr},
                                         {"softmaxGrad", softmaxGrad, nullptr},
                                         {"logSoftmaxGrad", logSoftmaxGrad, nullptr}};

}  // namespace fovea
