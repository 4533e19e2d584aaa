#include "lane-pool.h"

namespace fovea {

namespace {

constexpr auto kF32 = dnnl::memory::data_type::f32;
/// Places of maxima are bytes.
constexpr int64_t kMostPlaces = 256;

/// Attributes: kernel 2, stride 2, padding top left bottom right, countIncludePad where there are averages.
LanePool lanePoolOf(const Builder &b, int x, int y, bool average) {
  const auto at = [&](size_t i, int64_t low) { return b.intAttr(i, low, 1 << 20); };
  const Dims xd = b.dims(x), yd = b.dims(y);
  require(fitsLanes(xd) && fitsLanes(yd) && xd[0] == yd[0] && xd[1] == yd[1], "a batch of whole sixteens is needed");
  require(b.type(x).dtype == DType::float32 && b.type(y).dtype == DType::float32, "float32 is needed");
  require(average || at(0, 1) * at(1, 1) <= kMostPlaces, "the kernel is too large");
  return {xd[2], xd[3], yd[2], yd[3], at(0, 1), at(1, 1), at(2, 1), at(3, 1), at(4, 0), at(5, 0), at(6, 0), at(7, 0),
          average && b.intAttr(8, 0, 1)};
}

int64_t planesOf(const Dims &d) { return d[0] / kLaneImages * d[1]; }
int64_t planeSize(int64_t h, int64_t w) { return h * w * kLaneImages; }

std::string nameOf(const char *what) { return std::string("lanes ") + what + " " + kernels().isa; }

/// row(plane, row, dx) writes a row of the gradient.
template <class Row>
void eachGradRow(const LanePool &s, int64_t planes, const Row &row) {
  parallelFor(planes * s.height, grainOf(s.width * kLaneImages), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) row(i / s.height, i % s.height, i * s.width * kLaneImages);
  });
}

}  // namespace

bool fitsLanePool(const Builder &b, int x, int y) {
  return isLanes(b.mdOf(x)) && typeOf(b.mdOf(x)) == kF32 && dimsOf(b.mdOf(x)) == b.dims(x) && fitsLanes(b.dims(y)) &&
         b.intAttr(0, 1, 1 << 20) * b.intAttr(1, 1, 1 << 20) <= kMostPlaces;
}

void laneAvgPool(Builder &b) {
  const int x = b.input(0), y = b.output();
  const LanePool s = lanePoolOf(b, x, y, true);
  const int64_t planes = planesOf(b.dims(x)), in = planeSize(s.height, s.width), out = planeSize(s.outHeight, s.outWidth);
  Buffer *from = b.base(x).buffer, *to = b.produce(y, lanesMd(b.dims(y), kF32)).buffer;
  b.call(nameOf("average"), {from}, {to}, [=] {
    parallelFor(planes, grainOf(in), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++) kernels().lanes.avgPool(s, floats(from) + p * in, floats(to) + p * out);
    });
  });
}

/// laneAvgPoolGrad(dy, saved?): attributes of avgPool2d, code of an activation. With `saved`, the result of
/// that activation in the format of dx, the gradient goes on through it.
void laneAvgPoolGrad(Builder &b) {
  const int dy = b.input(0), saved = b.optionalInput(1), dx = b.output();
  const LanePool s = lanePoolOf(b, dx, dy, true);
  const MapOp gates[] = {kCopy, kReluGrad, kSigmoidGrad, kTanhGrad};
  const MapOp gate = gates[b.intAttr(9, 0, 3)];
  require((gate == kCopy) == (saved < 0), "an activation and its result come together");
  const Md xm = lanesMd(b.dims(dx), kF32);
  Buffer *from = b.want(dy, lanesMd(b.dims(dy), kF32)).buffer, *activation = nullptr;
  std::vector<Buffer *> reads = {from};
  if (saved >= 0) {
    require(b.type(saved).shape == b.type(dx).shape && b.type(saved).dtype == DType::float32, "the activation has dx's type");
    activation = b.want(saved, xm).buffer;
    reads.push_back(activation);
  }
  Buffer *to = b.produce(dx, xm).buffer;
  const int64_t planes = planesOf(b.dims(dx)), in = planeSize(s.outHeight, s.outWidth);
  b.call(nameOf("average"), reads, {to}, [=] {
    eachGradRow(s, planes, [&](int64_t plane, int64_t row, int64_t at) {
      float *out = floats(to) + at;
      kernels().lanes.avgPoolGradRow(s, floats(from) + plane * in, row, out);
      if (activation)
        kernels().map(gate, floats(activation) + at, 1, out, 1, nullptr, 0, out, size_t(s.width * kLaneImages), 0.0f);
    });
  });
}

void laneMaxPool(Builder &b) {
  const int x = b.input(0), y = b.output();
  const LanePool s = lanePoolOf(b, x, y, false);
  const int64_t planes = planesOf(b.dims(x)), in = planeSize(s.height, s.width), out = planeSize(s.outHeight, s.outWidth);
  Buffer *from = b.base(x).buffer, *to = b.produce(y, lanesMd(b.dims(y), kF32)).buffer, *place = nullptr;
  std::vector<Buffer *> writes = {to};
  if (b.outputs() > 1) {
    place = b.produceOpaque(b.output(1), lanesMd(b.dims(y), dnnl::memory::data_type::u8)).buffer;
    writes.push_back(place);
  }
  b.call(nameOf("maximum"), {from}, writes, [=] {
    parallelFor(planes, grainOf(in), [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++)
        kernels().lanes.maxPool(s, floats(from) + p * in, floats(to) + p * out, place ? bytesOf(place) + p * out : nullptr);
    });
  });
}

/// maxPoolGrad(dy, places, x) after laneMaxPool.
void laneMaxPoolGrad(Builder &b) {
  const int dy = b.input(0), place = b.input(1), dx = b.output();
  const LanePool s = lanePoolOf(b, dx, dy, false);
  require(b.base(place).md == lanesMd(b.dims(dy), dnnl::memory::data_type::u8), "a place for each maximum");
  Buffer *from = b.want(dy, lanesMd(b.dims(dy), kF32)).buffer, *places = b.base(place).buffer;
  Buffer *to = b.produce(dx, lanesMd(b.dims(dx), kF32)).buffer;
  const int64_t planes = planesOf(b.dims(dx)), in = planeSize(s.outHeight, s.outWidth);
  b.call(nameOf("maximum"), {from, places}, {to}, [=] {
    eachGradRow(s, planes, [&](int64_t plane, int64_t row, int64_t at) {
      kernels().lanes.maxPoolGradRow(s, floats(from) + plane * in, bytesOf(places) + plane * in, row, floats(to) + at);
    });
  });
}

}  // namespace fovea
