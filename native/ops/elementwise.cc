// Element-wise ops: which function each is.
#include <algorithm>

#include "ops.h"

namespace fovea {

namespace {

constexpr int64_t kChunk = 1024;

template <int Op>
void unary(Builder &b) {
  mapStep(b, Op, b.spec().attrs.empty() ? 0.0f : float(b.attr(0)), b.input(0), -1, -1, b.output());
}
template <int Op>
void binary(Builder &b) {
  mapStep(b, Op, b.spec().attrs.empty() ? 0.0f : float(b.attr(0)), b.input(0), b.input(1), -1, b.output());
}
template <int Op>
void ternary(Builder &b) {
  mapStep(b, Op, 0, b.input(0), b.input(1), b.input(2), b.output());
}

/// addN(xs...): one pass over all of them.
void addN(Builder &b) {
  const Dims dims = b.dims(b.output());
  if (b.inputs() == 1) return mapStep(b, kCopy, 0, b.input(0), -1, -1, b.output());
  Md format = plainMd(b.type(b.output()));
  for (size_t i = 0; i < b.inputs(); i++) {
    require(b.dims(b.input(i)) == dims && b.type(b.input(i)).dtype == b.type(b.output()).dtype,
            "all inputs must have the output's type");
    if (isPlain(format) && dimsOf(b.mdOf(b.input(i))) == dims) format = b.mdOf(b.input(i));
  }
  std::vector<Buffer *> xs;
  for (size_t i = 0; i < b.inputs(); i++) xs.push_back(b.want(b.input(i), format).buffer);
  const auto type = b.type(b.output()).dtype;
  require(type == DType::float32 || type == DType::bfloat16, "floating-point inputs are needed");
  // Later passes read the inputs again, so what is written over must not come twice.
  const bool once = std::count(xs.begin(), xs.end(), xs[0]) == 1;
  const Version y = b.produceOver(b.output(), format, {once ? b.input(0) : -1});
  const int64_t n = paddedCount(format);
  Buffer *out = y.buffer;
  b.call("addN", xs, {out}, [=] {
    parallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
      if (type == DType::float32) {
        std::vector<const float *> at(xs.size());
        for (int64_t i = begin; i < end; i += kChunk) {
          for (size_t k = 0; k < xs.size(); k++) at[k] = floats(xs[k]) + i;
          kernels().sumN(at.data(), at.size(), floats(out) + i, size_t(std::min(kChunk, end - i)));
        }
      } else {
        alignas(64) float total[kChunk], x[kChunk];
        for (int64_t i = begin; i < end; i += kChunk) {
          const size_t m = size_t(std::min(kChunk, end - i));
          kernels().fromBf16(halves(xs[0]) + i, total, m);
          for (size_t k = 1; k < xs.size(); k++) {
            kernels().fromBf16(halves(xs[k]) + i, x, m);
            kernels().accumulate(kSum, x, total, m);
          }
          kernels().toBf16(total, halves(out) + i, m);
        }
      }
    });
  });
}

}  // namespace

namespace {

/// cast(x). Weights in bfloat16 are made when a primitive says how it wants them, in one reorder.
void cast(Builder &b) {
  const int x = b.input(0), y = b.output();
  const bool weights = b.isVariable(x) && b.type(x).shape.size() >= 2 && b.type(x).dtype == DType::float32 &&
                       b.type(y).dtype == DType::bfloat16;
  if (weights && b.type(x).shape == b.type(y).shape) return b.convertLater(y, b.base(x));
  mapStep(b, kCopy, 0, x, -1, -1, y);
}

/// lerp(a, b, t). An average of weights lies as the weights do.
void claimAverage(Builder &b) {
  if (b.isVariable(b.input(0))) b.claimLike(b.input(0), b.takenOver(b.input(1)));
}

}  // namespace

const std::vector<OpEntry> mapOps = {
    {"relu", unary<kRelu>, nullptr},
    {"relu6", unary<kRelu6>, nullptr},
    {"sigmoid", unary<kSigmoid>, nullptr},
    {"tanh", unary<kTanh>, nullptr},
    {"leakyRelu", unary<kLeakyRelu>, nullptr},
    {"elu", unary<kElu>, nullptr},
    {"gelu", unary<kGelu>, nullptr},
    {"silu", unary<kSilu>, nullptr},
    {"hardswish", unary<kHardswish>, nullptr},
    {"neg", unary<kNeg>, nullptr},
    {"abs", unary<kAbs>, nullptr},
    {"exp", unary<kExp>, nullptr},
    {"log", unary<kLog>, nullptr},
    {"sqrt", unary<kSqrt>, nullptr},
    {"rsqrt", unary<kRsqrt>, nullptr},
    {"pow", unary<kPow>, nullptr},
    {"cast", cast, nullptr},
    {"broadcastTo", unary<kCopy>, nullptr},
    {"add", binary<kAdd>, nullptr},
    {"sub", binary<kSub>, nullptr},
    {"mul", binary<kMul>, nullptr},
    {"div", binary<kDiv>, nullptr},
    {"maximum", binary<kMaximum>, nullptr},
    {"minimum", binary<kMinimum>, nullptr},
    {"equal", binary<kEqual>, nullptr},
    {"less", binary<kLess>, nullptr},
    {"lessEqual", binary<kLessEqual>, nullptr},
    {"greater", binary<kGreater>, nullptr},
    {"greaterEqual", binary<kGreaterEqual>, nullptr},
    {"reluGrad", binary<kReluGrad>, nullptr},
    {"relu6Grad", binary<kRelu6Grad>, nullptr},
    {"sigmoidGrad", binary<kSigmoidGrad>, nullptr},
    {"tanhGrad", binary<kTanhGrad>, nullptr},
    {"leakyReluGrad", binary<kLeakyReluGrad>, nullptr},
    {"eluGrad", binary<kEluGrad>, nullptr},
    {"geluGrad", binary<kGeluGrad>, nullptr},
    {"siluGrad", binary<kSiluGrad>, nullptr},
    {"hardswishGrad", binary<kHardswishGrad>, nullptr},
    {"addRelu", binary<kAddRelu>, nullptr},
    {"select", ternary<kSelect>, nullptr},
    {"lerp", ternary<kLerp>, claimAverage},
    {"channelAffine", ternary<kAffine>, nullptr},
    {"channelAffineRelu", ternary<kAffineRelu>, nullptr},
    {"reluGradSum", ternary<kReluGradSum>, nullptr},
    {"addN", addN, nullptr},
};

}  // namespace fovea
