// Vectorised loops of our own, compiled once per instruction set and chosen at run time.
// They know no threads and no layouts: each works on runs of contiguous float32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "lanes.h"

namespace fovea {

/// Element-wise functions.
enum MapOp : int {
  kCopy, kRelu, kRelu6, kSigmoid, kTanh, kLeakyRelu, kElu, kGelu, kSilu, kHardswish, kNeg, kAbs, kExp, kLog, kSqrt,
  kRsqrt, kPow,
  kAdd, kSub, kMul, kDiv, kMaximum, kMinimum, kEqual, kLess, kLessEqual, kGreater, kGreaterEqual,
  kReluGrad, kRelu6Grad, kSigmoidGrad, kTanhGrad, kLeakyReluGrad, kEluGrad, kGeluGrad, kSiluGrad, kHardswishGrad,
  kAddRelu, kMaskedMul,
  kSelect, kLerp, kAffine, kAffineRelu, kReluGradSum,
  kMapOps
};

struct UpdateNumbers {
  float lr, weightDecay, a, b, epsilon, c, d;
  bool first, flag;
};

/// Stretches of `length` contiguous elements, `stride` elements apart. Element i of each belongs to column
/// i mod 64: whatever layout has channels that repeat with a period that divides 64 is seen like this.
struct Runs {
  size_t count, length, stride;
};
constexpr size_t kColumns = 64;

/// y = (x − center)·scale + shift, cut at zero by a ReLU, and its gradient
/// dx = scale·dy + slope·(x − center) + constant: numbers of every channel.
struct Normal {
  const float *center, *scale, *shift, *slope, *constant;
  bool relu;
};

/// Batch norm's loops over elements of type T (float32, or bfloat16 as uint16_t). Column j belongs to
/// channel j mod `width`. The gradient knows what the ReLU cut off by computing y again.
template <class T>
struct NormKernels {
  /// m, Σ(x − m) and Σ(x − m)² of each channel, one after the other; m = Σx·inverse.
  void (*moments)(const T *x, Runs, size_t width, float inverse, float *moments);
  void (*normalize)(const T *x, Runs, size_t width, const Normal &, T *y);
  /// Σdy and Σdy·(x − center) of each channel.
  void (*gradSums)(const T *dy, const T *x, Runs, size_t width, const Normal &, float *sums);
  /// dx may be dy.
  void (*grad)(const T *dy, const T *x, Runs, size_t width, const Normal &, T *dx);
};

struct Kernels {
  const char *isa;
  /// y[i] = op(a[i·sa], b[i·sb], c[i·sc]) for i < n, steps being 0 or 1. y may be a, b or c.
  void (*map)(int op, const float *a, size_t sa, const float *b, size_t sb, const float *c, size_t sc, float *y, size_t n,
              float parameter);
  void (*sumN)(const float *const *xs, size_t count, float *y, size_t n);
  /// y[i] += x[i], and the same for the extremes.
  void (*accumulate)(int kind, const float *x, float *y, size_t n);
  float (*reduce)(int kind, const float *x, size_t n);
  float (*dot)(const float *x, const float *y, size_t n);
  /// y = exp(x − shift), gives the sum.
  float (*expShifted)(const float *x, float shift, float *y, size_t n);
  float (*sumExpShifted)(const float *x, float shift, size_t n);
  /// y = a·x + b.
  void (*scaleShift)(const float *x, float a, float b, float *y, size_t n);
  /// factors[4·i + j] is `scale` where word j of Philox 4×32-10 (Salmon et al. 2011) for counter
  /// [first + i, step, stream, 0] and key [key, 0] is at least `limit`, else 0; i < 16.
  void (*keepFactors)(uint32_t first, uint32_t step, uint32_t stream, uint32_t key, uint64_t limit, float scale,
                      float *factors);
  void (*toBf16)(const float *x, uint16_t *y, size_t n);
  void (*fromBf16)(const uint16_t *x, float *y, size_t n);
  void (*sgd)(float *p, const float *g, size_t n, const UpdateNumbers &);
  void (*momentum)(float *p, const float *g, float *v, size_t n, const UpdateNumbers &);
  void (*adam)(float *p, const float *g, float *m, float *v, size_t n, const UpdateNumbers &);
  void (*rmsprop)(float *p, const float *g, float *square, float *mean, float *v, size_t n, const UpdateNumbers &);
  NormKernels<float> norm;
  NormKernels<uint16_t> normBf16;
  LaneKernels lanes;
};

enum Reduction : int { kSum, kMax, kMin };

extern const Kernels kernelsBaseline;
#if defined(__x86_64__)
extern const Kernels kernelsAvx2;
extern const Kernels kernelsAvx512;
#endif

/// The best that this processor runs.
const Kernels &kernels();

}  // namespace fovea
