// Convolutions of images in lanes, for few channels: stride 1, no dilation, one group, float32, and a batch
// that is a multiple of sixteen.
#include <vector>

#include "ops.h"

namespace fovea {

namespace {

constexpr auto kF32 = dnnl::memory::data_type::f32;

/// Which convolution x [n, c, h, w] → y [n, o, oh, ow] is; attributes as of conv2d (conv.cc).
struct LaneConv {
  LaneWindow window;
  int64_t groups, outChannels;
  int64_t xSize() const { return window.channels * window.height * window.width * kLaneImages; }
  int64_t ySize() const { return outChannels * outPlane(); }
  int64_t xPlane() const { return window.height * window.width * kLaneImages; }
  int64_t outPlane() const { return window.outHeight * window.outWidth * kLaneImages; }
  int64_t taps() const { return window.kernelHeight * window.kernelWidth; }
  int64_t weights() const { return outChannels * window.channels * taps(); }
  /// Multiply-adds of a row of one output channel.
  int64_t rowWork() const { return window.outWidth * kLaneImages * window.channels * taps(); }
};

LaneConv laneConvOf(const Builder &b, int x, int w, int y) {
  const Dims xd = b.dims(x), wd = b.dims(w), yd = b.dims(y);
  require(fitsLanes(xd) && fitsLanes(yd) && wd.size() == 4, "a batch of whole sixteens is needed");
  for (const int id : {x, w, y}) require(b.type(id).dtype == DType::float32, "float32 is needed");
  for (const size_t i : {0, 1, 6, 7, 8}) require(b.intAttr(i, 0, 1 << 24) == 1, "stride, dilation and groups must be 1");
  const auto pad = [&](size_t i) { return b.intAttr(i, 0, 1 << 24); };
  require(xd[0] == yd[0] && xd[1] == wd[1] && yd[1] == wd[0], "channels do not agree");
  require(yd[2] == xd[2] + pad(2) + pad(4) - wd[2] + 1 && yd[3] == xd[3] + pad(3) + pad(5) - wd[3] + 1,
          "sizes do not agree");
  return {{xd[1], xd[2], xd[3], yd[2], yd[3], wd[2], wd[3], pad(2), pad(3)}, xd[0] / kLaneImages, yd[1]};
}

/// The convolution that gives the gradient of x.
LaneConv adjoint(const LaneConv &c) {
  const LaneWindow &w = c.window;
  require(w.top < w.kernelHeight && w.left < w.kernelWidth, "the padding must be less than the kernel");
  return {{c.outChannels, w.outHeight, w.outWidth, w.height, w.width, w.kernelHeight, w.kernelWidth,
           w.kernelHeight - 1 - w.top, w.kernelWidth - 1 - w.left},
          c.groups,
          w.channels};
}

/// Output channels in blocks of equal size, or nearly so.
struct Blocks {
  int64_t channels, count;
  Blocks(int64_t channels, int64_t most) : channels(channels), count((channels + most - 1) / most) {}
  int64_t begin(int64_t i) const { return channels * i / count; }
  int64_t size(int64_t i) const { return begin(i + 1) - begin(i); }
};

/// Weights with the output channels of a block last: [block][c][ky][kx][o].
void pack(const LaneConv &conv, const float *w, bool turned, float *packed) {
  const Blocks blocks(conv.outChannels, kLaneBlock);
  const int64_t channels = conv.window.channels, taps = conv.taps();
  for (int64_t i = 0; i < blocks.count; i++)
    for (int64_t c = 0; c < channels; c++)
      for (int64_t k = 0; k < taps; k++)
        for (int64_t o = blocks.begin(i); o < blocks.begin(i + 1); o++)
          *packed++ = turned ? w[(c * conv.outChannels + o) * taps + taps - 1 - k] : w[(o * channels + c) * taps + k];
}

MapOp activationOf(int64_t code) {
  const MapOp codes[] = {kCopy, kRelu, kSigmoid, kTanh};
  return codes[code];
}

int64_t laneGrain(int64_t work) { return std::max<int64_t>(1, 16 * kGrain / std::max<int64_t>(work, 1)); }

std::string nameOf(const char *what) { return std::string("lanes ") + what + " " + kernels().isa; }

struct ConvBuffers {
  Buffer *x, *w, *bias, *y, *packed;
};

/// y = activation(x ∗ w + bias), with w turned around for the adjoint.
void runConv(const LaneConv &conv, const ConvBuffers &at, bool turned, MapOp activation) {
  pack(conv, floats(at.w), turned, floats(at.packed));
  const Blocks blocks(conv.outChannels, kLaneBlock);
  const int64_t rows = conv.window.outHeight, row = conv.window.outWidth * kLaneImages;
  const int64_t perChannel = conv.window.channels * conv.taps();
  parallelFor(conv.groups * blocks.count * rows, laneGrain(conv.rowWork() * kLaneBlock), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t group = i / rows / blocks.count, block = i / rows % blocks.count, first = blocks.begin(block);
      const float *bias = at.bias ? floats(at.bias) + first : nullptr;
      float *y = floats(at.y) + group * conv.ySize() + first * conv.outPlane();
      kernels().lanes.convRow(conv.window, floats(at.x) + group * conv.xSize(), floats(at.packed) + first * perChannel,
                              bias, blocks.size(block), i % rows, y);
      if (activation == kCopy) continue;
      for (int64_t o = 0; o < blocks.size(block); o++) {
        float *values = y + o * conv.outPlane() + i % rows * row;
        kernels().map(activation, values, 1, nullptr, 0, nullptr, 0, values, size_t(row), 0.0f);
      }
    }
  });
}

/// laneConv2d(x, w, bias?): attributes of conv2d.
void laneConv(Builder &b) {
  const int x = b.input(0), w = b.input(1), bias = b.optionalInput(2), y = b.output();
  const LaneConv conv = laneConvOf(b, x, w, y);
  const MapOp activation = activationOf(b.intAttr(9, 0, 3));
  ConvBuffers at{b.want(x, lanesMd(b.dims(x), kF32)).buffer, b.plain(w).buffer, nullptr, nullptr, nullptr};
  std::vector<Buffer *> reads = {at.x, at.w};
  if (bias >= 0) {
    require(b.type(bias).count() == conv.outChannels && b.type(bias).dtype == DType::float32,
            "the bias needs one number per channel");
    reads.push_back(at.bias = b.plain(bias).buffer);
  }
  at.y = b.produce(y, lanesMd(b.dims(y), kF32)).buffer;
  at.packed = b.scratch(size_t(conv.weights()) * sizeof(float));
  b.call(nameOf("conv"), reads, {at.y, at.packed}, [=] { runConv(conv, at, false, activation); });
}

/// laneConv2dInputGrad(dy, w): attributes of conv2d.
void laneInputGrad(Builder &b) {
  const int dy = b.input(0), w = b.input(1), dx = b.output();
  const LaneConv conv = adjoint(laneConvOf(b, dx, w, dy));
  const ConvBuffers at{b.want(dy, lanesMd(b.dims(dy), kF32)).buffer, b.plain(w).buffer, nullptr,
                       b.produce(dx, lanesMd(b.dims(dx), kF32)).buffer, b.scratch(size_t(conv.weights()) * sizeof(float))};
  b.call(nameOf("conv"), {at.x, at.w}, {at.y, at.packed}, [=] { runConv(conv, at, true, kCopy); });
}

/// Partial sums over the batch, as many as keep threads busy: their number depends on the batch alone.
constexpr int64_t kMostParts = 16;

struct GradBuffers {
  Buffer *x, *dy, *dw, *db, *partial;
};

void runWeightGrad(const LaneConv &conv, const GradBuffers &at) {
  const Blocks blocks(conv.outChannels, kernels().lanes.gradBlock(conv.window.kernelWidth));
  const int64_t channels = conv.window.channels, taps = conv.taps(), pixels = conv.window.outHeight * conv.window.outWidth;
  const int64_t parts = std::min(conv.groups, kMostParts), size = conv.weights() + conv.outChannels;
  const int64_t work = conv.rowWork() * conv.window.outHeight * kLaneBlock;
  parallelFor(parts * blocks.count, laneGrain(work), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t part = i / blocks.count, block = i % blocks.count, first = blocks.begin(block), count = blocks.size(block);
      float *partial = floats(at.partial) + part * size, *dw = partial + first * channels * taps, *db = partial + conv.weights();
      std::fill(dw, dw + count * channels * taps, 0.0f);
      std::fill(db + first, db + first + count, 0.0f);
      for (int64_t g = conv.groups * part / parts; g < conv.groups * (part + 1) / parts; g++) {
        const float *dy = floats(at.dy) + g * conv.ySize() + first * conv.outPlane();
        for (int64_t c = 0; c < channels; c++)
          kernels().lanes.convWeightGrad(conv.window, floats(at.x) + g * conv.xSize() + c * conv.xPlane(), dy, count,
                                         dw + c * taps, channels * taps);
        if (at.db == nullptr) continue;
        for (int64_t o = 0; o < count; o++) db[first + o] += kernels().lanes.sum(dy + o * conv.outPlane(), pixels);
      }
    }
  });
  const float *dw[kMostParts], *db[kMostParts];
  for (int64_t p = 0; p < parts; p++) {
    dw[p] = floats(at.partial) + p * size;
    db[p] = dw[p] + conv.weights();
  }
  kernels().sumN(dw, size_t(parts), floats(at.dw), size_t(conv.weights()));
  if (at.db) kernels().sumN(db, size_t(parts), floats(at.db), size_t(conv.outChannels));
}

/// laneConv2dWeightGrad(x, dy): dw, and the sum of dy over all but channels where a second output is asked
/// for. Attributes of conv2d. A third input, the weights, is not read: they lie row-major.
void laneWeightGrad(Builder &b) {
  const int x = b.input(0), dy = b.input(1), dw = b.output();
  const LaneConv conv = laneConvOf(b, x, dw, dy);
  require(conv.taps() <= kLaneTaps, "the kernel is too large");
  const int64_t parts = std::min(conv.groups, kMostParts);
  GradBuffers at{b.want(x, lanesMd(b.dims(x), kF32)).buffer, b.want(dy, lanesMd(b.dims(dy), kF32)).buffer,
                 b.producePlain(dw).buffer, nullptr,
                 b.scratch(size_t(parts * (conv.weights() + conv.outChannels)) * sizeof(float))};
  std::vector<Buffer *> writes = {at.dw, at.partial};
  if (b.outputs() > 1) {
    require(b.type(b.output(1)).count() == conv.outChannels && b.type(b.output(1)).dtype == DType::float32,
            "the bias gradient has one number per channel");
    writes.push_back(at.db = b.producePlain(b.output(1)).buffer);
  }
  b.call(nameOf("weight gradient"), {at.x, at.dy}, writes, [=] { runWeightGrad(conv, at); });
}

}  // namespace

const std::vector<OpEntry> laneConvOps = {{"laneConv2d", laneConv, nullptr},
                                          {"laneConv2dInputGrad", laneInputGrad, nullptr},
                                          {"laneConv2dWeightGrad", laneWeightGrad, nullptr}};

}  // namespace fovea
