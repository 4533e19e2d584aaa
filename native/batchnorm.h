// Batch normalisation with the statistics of the batch, both directions, by loops of our own: passes with
// no waiting inside, so that a processor that another program takes costs its share and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernels.h"

namespace fovea {

/// x lies as [outer, ⌈channels / block⌉, inner, block]: row-major has block 1, oneDNN's nChw16c 16. Channels
/// beyond the last are padding. A block that does not divide 64 must hold all channels.
struct NormDims {
  int64_t outer, channels, inner, block;
  bool valid() const;
};

/// One number per channel.
struct NormVectors {
  const float *weight, *bias;
  float *mean, *variance;
};

class BatchNorm {
 public:
  BatchNorm(const NormDims &dims, float epsilon, bool relu);
  /// Working memory that each direction needs, aligned like a float.
  size_t scratchBytes() const;

  /// y = (x − mean)/√(variance + ε)·weight + bias, cut at zero if there is a ReLU; sets mean and variance.
  /// T is float, or uint16_t for bfloat16.
  template <class T>
  void forward(const T *x, const NormVectors &, T *y, void *scratch) const;
  /// dx may lie where dy does. Takes what `forward` took and gave.
  template <class T>
  void backward(const T *dy, const T *x, const NormVectors &, T *dx, float *dweight, float *dbias, void *scratch) const;

 private:
  /// What fits the second cache: some runs, or a piece of one.
  struct Chunk {
    int64_t offset;
    Runs runs;
    /// Elements of each channel.
    double count;
  };
  /// What the passes leave for one another.
  struct Tables {
    float *partials, *center, *scale, *shift, *slope, *constant;
  };
  Tables tablesIn(void *scratch) const;
  int64_t channelsOf(int64_t group) const;
  float *partial(const Tables &, int64_t group, int64_t chunk) const;
  Normal normalOf(const Tables &, int64_t group) const;
  void combine(int64_t group, const NormVectors &, const Tables &) const;
  void prepare(int64_t group, const NormVectors &, const Tables &) const;
  void combineGrad(int64_t group, const NormVectors &, float *dweight, float *dbias, const Tables &) const;
  template <class Pass>
  void sweep(int64_t firstGroup, int64_t lastGroup, int64_t begin, int64_t end, const Pass &pass) const;
  template <class Before, class First, class Middle, class Last>
  void inPasses(int64_t groupBytes, const Before &before, const First &first, const Middle &middle, const Last &last) const;

  NormDims dims_;
  float epsilon_;
  bool relu_;
  /// Whether a run is one row of channels.
  bool rows_;
  // Channels that lie together: `groups` times `width` of them, in `runs` stretches of memory.
  int64_t groups_, width_, runs_, length_, stride_;
  // Of the first group: `pieces` of each run.
  int64_t pieces_;
  std::vector<Chunk> chunks_;
};

}  // namespace fovea
