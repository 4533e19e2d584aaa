#include "batchnorm.h"

#include <algorithm>
#include <cmath>

#include "parallel.h"

namespace fovea {

namespace {

/// Elements of a chunk: a second look at it finds it in the second cache.
constexpr int64_t kChunk = 16384;
/// How many chunks make a second thread worth waking.
constexpr int64_t kFew = 2;
/// Bytes that a second pass may find in the second cache, and in the last.
constexpr int64_t kNear = int64_t(512) << 10, kFar = int64_t(8) << 20;
/// Numbers per channel that a chunk leaves at most.
constexpr int64_t kPartials = 3;

int64_t divideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class T>
const NormKernels<T> &normOf();
template <>
const NormKernels<float> &normOf<float>() {
  return kernels().norm;
}
template <>
const NormKernels<uint16_t> &normOf<uint16_t>() {
  return kernels().normBf16;
}

}  // namespace

bool NormDims::valid() const {
  return outer > 0 && channels > 0 && inner > 0 && block > 0 && (int64_t(kColumns) % block == 0 || block == channels);
}

BatchNorm::BatchNorm(const NormDims &dims, float epsilon, bool relu) : dims_(dims), epsilon_(epsilon), relu_(relu) {
  const int64_t columns = int64_t(kColumns);
  rows_ = columns % dims.block != 0;
  width_ = rows_ ? columns : dims.block;
  groups_ = divideUp(dims.channels, width_);
  runs_ = rows_ ? dims.outer * dims.inner : dims.outer;
  length_ = rows_ ? columns : dims.inner * dims.block;
  stride_ = rows_ ? dims.channels : groups_ * length_;
  const int64_t piece = divideUp(divideUp(length_, divideUp(length_, kChunk)), columns) * columns;
  const int64_t together = std::min(runs_, std::max<int64_t>(1, kChunk / length_));
  pieces_ = divideUp(length_, piece);
  for (int64_t run = 0; run < runs_; run += together) {
    for (int64_t at = 0; at < length_; at += piece) {
      const int64_t count = std::min(together, runs_ - run), length = std::min(piece, length_ - at);
      chunks_.push_back({run * stride_ + at,
                         {size_t(count), size_t(length), size_t(stride_)},
                         double(count * length / width_)});
    }
  }
}

int64_t BatchNorm::channelsOf(int64_t group) const { return std::min(width_, dims_.channels - group * width_); }

size_t BatchNorm::scratchBytes() const {
  return size_t(groups_ * width_) * (chunks_.size() * kPartials + 5) * sizeof(float);
}

BatchNorm::Tables BatchNorm::tablesIn(void *scratch) const {
  const int64_t channels = groups_ * width_;
  float *at = static_cast<float *>(scratch);
  return {at + 5 * channels, at, at + channels, at + 2 * channels, at + 3 * channels, at + 4 * channels};
}

float *BatchNorm::partial(const Tables &tables, int64_t group, int64_t chunk) const {
  return tables.partials + (group * int64_t(chunks_.size()) + chunk) * width_ * kPartials;
}

Normal BatchNorm::normalOf(const Tables &t, int64_t group) const {
  const int64_t at = group * width_;
  return {t.center + at, t.scale + at, t.shift + at, t.slope + at, t.constant + at, relu_};
}

/// From the numbers of the chunks, taken around a mean of each chunk's own, those of the whole (Chan, Golub
/// and LeVeque 1979): what they lose to rounding is in proportion to the spread of x, however large x is.
void BatchNorm::combine(int64_t group, const NormVectors &v, const Tables &tables) const {
  const double count = double(dims_.outer * dims_.inner);
  double mean[kColumns] = {0}, square[kColumns] = {0};
  for (size_t i = 0; i < chunks_.size(); i++) {
    const float *center = partial(tables, group, int64_t(i)), *sum = center + width_;
    const double n = chunks_[i].count;
#pragma omp simd
    for (int64_t c = 0; c < width_; c++) mean[c] += center[c] * n + sum[c];
  }
  for (int64_t c = 0; c < width_; c++) mean[c] /= count;
  for (size_t i = 0; i < chunks_.size(); i++) {
    const float *center = partial(tables, group, int64_t(i)), *sum = center + width_, *squares = sum + width_;
    const double n = chunks_[i].count;
#pragma omp simd
    for (int64_t c = 0; c < width_; c++) {
      // Σ(x − mean)², moved from the chunk's center.
      const double by = center[c] - mean[c];
      square[c] += squares[c] + by * (2 * sum[c] + by * n);
    }
  }
  for (int64_t c = 0; c < channelsOf(group); c++) {
    v.mean[group * width_ + c] = float(mean[c]);
    v.variance[group * width_ + c] = float(std::max(square[c], 0.0) / count);
  }
}

void BatchNorm::prepare(int64_t group, const NormVectors &v, const Tables &t) const {
  for (int64_t c = 0; c < width_; c++) {
    const int64_t at = group * width_ + c;
    // Padding stays zero.
    const bool real = at < dims_.channels;
    t.center[at] = real ? v.mean[at] : 0;
    t.scale[at] = real ? v.weight[at] / std::sqrt(v.variance[at] + epsilon_) : 0;
    t.shift[at] = real ? v.bias[at] : 0;
    t.slope[at] = t.constant[at] = 0;
  }
}

void BatchNorm::combineGrad(int64_t group, const NormVectors &v, float *dweight, float *dbias, const Tables &t) const {
  const double count = double(dims_.outer * dims_.inner);
  double sum[kColumns] = {0}, along[kColumns] = {0};
  for (size_t i = 0; i < chunks_.size(); i++) {
    const float *sums = partial(t, group, int64_t(i)), *products = sums + width_;
#pragma omp simd
    for (int64_t c = 0; c < width_; c++) {
      sum[c] += sums[c];
      along[c] += products[c];
    }
  }
  for (int64_t c = 0; c < channelsOf(group); c++) {
    const int64_t at = group * width_ + c;
    const double inverse = 1 / (double(v.variance[at]) + epsilon_);
    dbias[at] = float(sum[c]);
    dweight[at] = float(along[c] * std::sqrt(inverse));
    t.slope[at] = float(-t.scale[at] * along[c] * inverse / count);
    t.constant[at] = float(-t.scale[at] * sum[c] / count);
  }
}

/// pass(group, chunk, index of the chunk) for a part of the chunks of some groups, in the order in which
/// they lie in memory.
template <class Pass>
void BatchNorm::sweep(int64_t firstGroup, int64_t lastGroup, int64_t begin, int64_t end, const Pass &pass) const {
  const int64_t groups = lastGroup - firstGroup;
  int64_t piece = begin % pieces_, group = firstGroup + begin / pieces_ % groups, row = begin / pieces_ / groups;
  for (int64_t at = begin; at < end; at++) {
    const int64_t index = row * pieces_ + piece;
    Chunk chunk = chunks_[size_t(index)];
    chunk.offset += group * length_;
    // In rows of channels the last group is narrower.
    if (rows_) chunk.runs.length = size_t(channelsOf(group));
    pass(group, chunk, index);
    if (++piece < pieces_) continue;
    piece = 0;
    if (++group < lastGroup) continue;
    group = firstGroup;
    row++;
  }
}

/// before(group), first for all chunks of it, middle(group), last for all chunks. Threads take whole groups
/// where that shares the work evenly, and few enough at a time that `last` finds in the caches what `first`
/// has read.
template <class Before, class First, class Middle, class Last>
void BatchNorm::inPasses(int64_t groupBytes, const Before &before, const First &first, const Middle &middle,
                         const Last &last) const {
  const int64_t threads = omp_get_max_threads(), turns = divideUp(groups_, threads), chunks = int64_t(chunks_.size());
  const auto each = [](int64_t begin, int64_t end, const auto &body) {
    for (int64_t g = begin; g < end; g++) body(g);
  };
  if (groups_ * 10 >= turns * threads * 9) {
    const int64_t together = std::max<int64_t>(1, (groupBytes > kNear ? kFar / threads : kNear) / groupBytes);
    return parallelFor(groups_, divideUp(kFew, chunks), [&](int64_t begin, int64_t end) {
      for (int64_t g = begin; g < end; g += together) {
        const int64_t to = std::min(g + together, end);
        each(g, to, before);
        sweep(g, to, 0, (to - g) * chunks, first);
        each(g, to, middle);
        sweep(g, to, 0, (to - g) * chunks, last);
      }
    });
  }
  each(0, groups_, before);
  parallelFor(groups_ * chunks, kFew, [&](int64_t begin, int64_t end) { sweep(0, groups_, begin, end, first); });
  each(0, groups_, middle);
  parallelFor(groups_ * chunks, kFew, [&](int64_t begin, int64_t end) { sweep(0, groups_, begin, end, last); });
}

template <class T>
void BatchNorm::forward(const T *x, const NormVectors &v, T *y, void *scratch) const {
  const Tables t = tablesIn(scratch);
  const size_t width = size_t(width_);
  inPasses(
      runs_ * length_ * int64_t(sizeof(T)), [](int64_t) {},
      [&](int64_t group, const Chunk &chunk, int64_t i) {
        normOf<T>().moments(x + chunk.offset, chunk.runs, width, float(1 / chunk.count), partial(t, group, i));
      },
      [&](int64_t group) {
        combine(group, v, t);
        prepare(group, v, t);
      },
      [&](int64_t group, const Chunk &chunk, int64_t) {
        normOf<T>().normalize(x + chunk.offset, chunk.runs, width, normalOf(t, group), y + chunk.offset);
      });
}

template <class T>
void BatchNorm::backward(const T *dy, const T *x, const NormVectors &v, T *dx, float *dweight, float *dbias,
                         void *scratch) const {
  const Tables t = tablesIn(scratch);
  const size_t width = size_t(width_);
  inPasses(
      2 * runs_ * length_ * int64_t(sizeof(T)), [&](int64_t group) { prepare(group, v, t); },
      [&](int64_t group, const Chunk &chunk, int64_t i) {
        normOf<T>().gradSums(dy + chunk.offset, x + chunk.offset, chunk.runs, width, normalOf(t, group),
                             partial(t, group, i));
      },
      [&](int64_t group) { combineGrad(group, v, dweight, dbias, t); },
      [&](int64_t group, const Chunk &chunk, int64_t) {
        normOf<T>().grad(dy + chunk.offset, x + chunk.offset, chunk.runs, width, normalOf(t, group), dx + chunk.offset);
      });
}

template void BatchNorm::forward(const float *, const NormVectors &, float *, void *) const;
template void BatchNorm::forward(const uint16_t *, const NormVectors &, uint16_t *, void *) const;
template void BatchNorm::backward(const float *, const float *, const NormVectors &, float *, float *, float *, void *) const;
template void BatchNorm::backward(const uint16_t *, const uint16_t *, const NormVectors &, uint16_t *, float *, float *,
                                  void *) const;

}  // namespace fovea
