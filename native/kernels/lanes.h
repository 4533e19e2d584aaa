// Kernels for images in lanes: a value [n, c, h, w] as [n/16][c][h][w][16], sixteen images side by side.
// Any number of channels fills the vectors, so thin convolutions waste nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea {

constexpr int64_t kLaneImages = 16;
/// Output channels that a convolution kernel works on at once, at most.
constexpr int64_t kLaneBlock = 6;

/// Weights of a kernel that its gradient can take, at most.
constexpr int64_t kLaneTaps = 64;

/// A correlation with stride 1 of one group of sixteen images; steps in floats.
struct LaneWindow {
  int64_t channels, height, width;        // of x
  int64_t outHeight, outWidth;            // of y
  int64_t kernelHeight, kernelWidth;
  int64_t top, left;                      // zeros before the first row and column
};

/// Windows of a pooling, and the image it slides over.
struct LanePool {
  int64_t height, width, outHeight, outWidth;
  int64_t kernelHeight, kernelWidth, strideHeight, strideWidth;
  int64_t top, left, bottom, right;
  bool includePad;
};

struct LaneKernels {
  /// Row `row` of `block` output channels: y[o] = bias[o] + Σ w[c, ky, kx, o]·x[c, row + ky, column + kx].
  /// w has the output channel last; bias may be null.
  void (*convRow)(const LaneWindow &, const float *x, const float *w, const float *bias, int64_t block, int64_t row,
                  float *y);
  /// Output channels that the weight gradient works on at once, at most.
  int64_t (*gradBlock)(int64_t kernelWidth);
  /// dw[o, ky, kx] += Σ x·dy over images and pixels, for one input channel and `block` output channels whose
  /// weights are `step` apart.
  void (*convWeightGrad)(const LaneWindow &, const float *x, const float *dy, int64_t block, float *dw, int64_t step);
  /// Sum over images and pixels.
  float (*sum)(const float *x, int64_t pixels);
  /// Image planes: one channel of sixteen images.
  void (*avgPool)(const LanePool &, const float *x, float *y);
  void (*maxPool)(const LanePool &, const float *x, float *y, uint8_t *place);
  /// One row of the gradient of a plane.
  void (*avgPoolGradRow)(const LanePool &, const float *dy, int64_t row, float *dx);
  void (*maxPoolGradRow)(const LanePool &, const float *dy, const uint8_t *place, int64_t row, float *dx);
  /// y[i, lane] = x[lane, i], images `step` apart in x; and back.
  void (*toLanes)(const float *x, int64_t step, float *y, int64_t count);
  void (*fromLanes)(const float *x, float *y, int64_t step, int64_t count);
};

}  // namespace fovea
