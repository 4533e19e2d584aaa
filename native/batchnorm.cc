#include "batchnorm.h"

#include <algorithm>
#include <cmath>

#include "parallel.h"

namespace fovea {

namespace {

/// Elements of a chunk: a second look at it finds it in the nearest cache.
constexpr int64_t kChunk = 4096;
/// How many chunks make a second thread worth waking.
constexpr int64_t kFew = 2;
/// Bytes that a second pass may find in the second cache, and in the last.
constexpr int64_t kNear = int64_t(512) << 10, kFar = int64_t(8) << 20;

/// What is larger is written past the caches: nobody would find it there.
constexpr int64_t kStreamed = int64_t(16) << 20;

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

bool streams(int64_t bytes) { return bytes > kStreamed; }

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
  groupStride_ = length_;
  pieceLength_ = divideUp(divideUp(length_, divideUp(length_, kChunk)), columns) * columns;
  pieces_ = divideUp(length_, pieceLength_);
  runsInChunk_ = std::min(runs_, std::max<int64_t>(1, kChunk / length_));
  chunks_ = pieces_ * divideUp(runs_, runsInChunk_);
}

size_t BatchNorm::scratchBytes() const {
  return size_t(groups_ * width_) * (size_t(chunks_) * 2 * sizeof(double) + 5 * sizeof(float));
}

BatchNorm::Tables BatchNorm::tablesIn(void *scratch) const {
  Tables t;
  const int64_t channels = groups_ * width_;
  t.partials = static_cast<double *>(scratch);
  t.center = reinterpret_cast<float *>(t.partials + channels * chunks_ * 2);
  t.scale = t.center + channels;
  t.shift = t.scale + channels;
  t.slope = t.shift + channels;
  t.constant = t.slope + channels;
  return t;
}

BatchNorm::Chunk BatchNorm::chunkOf(int64_t group, int64_t index) const {
  const int64_t run = index / pieces_ * runsInChunk_, piece = index % pieces_ * pieceLength_;
  const int64_t count = std::min(runsInChunk_, runs_ - run);
  // In rows of channels the last group is narrower.
  const int64_t length = rows_ ? channelsOf(group) : std::min(pieceLength_, length_ - piece);
  return {group * groupStride_ + run * stride_ + piece,
          {size_t(count), size_t(length), size_t(stride_)},
          double(rows_ ? count : count * length / width_)};
}

double *BatchNorm::partial(const Tables &tables, int64_t group, int64_t index) const {
  return tables.partials + (group * chunks_ + index) * width_ * 2;
}

Normal BatchNorm::normalOf(const Tables &t, int64_t group) const {
  const int64_t at = group * width_;
  return {t.center + at, t.scale + at, t.shift + at, t.slope + at, t.constant + at, relu_};
}

/// Mean and sum of squared deviations of each channel in a chunk, taken around a mean of the chunk itself:
/// what they lose to rounding is in proportion to the spread of the numbers, however large these are.
template <class T>
void BatchNorm::measure(const T *x, int64_t group, int64_t index, const Tables &tables) const {
  const Chunk chunk = chunkOf(group, index);
  const size_t width = size_t(width_);
  float center[kColumns], sum[kColumns], square[kColumns];
  normOf<T>().sums(x + chunk.offset, chunk.runs, width, center);
  for (size_t c = 0; c < width; c++) center[c] = float(center[c] / chunk.count);
  normOf<T>().spread(x + chunk.offset, chunk.runs, width, center, sum, square);
  double *to = partial(tables, group, index);
  for (size_t c = 0; c < width; c++) {
    const double off = sum[c] / chunk.count;
    to[c] = center[c] + off;
    to[width + c] = square[c] - sum[c] * off;
  }
}

/// From the chunks' numbers those of the whole (Chan, Golub and LeVeque 1979).
void BatchNorm::combine(int64_t group, const NormVectors &v, const Tables &tables) const {
  const double count = double(dims_.outer * dims_.inner);
  double center[kColumns] = {0}, square[kColumns] = {0};
  for (int64_t i = 0; i < chunks_; i++) {
    const double *means = partial(tables, group, i), share = chunkOf(group, i).count / count;
    for (int64_t c = 0; c < width_; c++) center[c] += means[c] * share;
  }
  for (int64_t i = 0; i < chunks_; i++) {
    const double *means = partial(tables, group, i), *squares = means + width_, n = chunkOf(group, i).count;
    for (int64_t c = 0; c < width_; c++) square[c] += squares[c] + (means[c] - center[c]) * (means[c] - center[c]) * n;
  }
  for (int64_t c = 0; c < channelsOf(group); c++) {
    v.mean[group * width_ + c] = float(center[c]);
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
  for (int64_t i = 0; i < chunks_; i++) {
    const double *sums = partial(t, group, i), *products = sums + width_;
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

/// pass(group, chunk) for a part of the chunks of some groups, in the order in which they lie in memory.
template <class Pass>
void BatchNorm::sweep(int64_t firstGroup, int64_t lastGroup, int64_t begin, int64_t end, const Pass &pass) const {
  const int64_t groups = lastGroup - firstGroup;
  for (int64_t at = begin; at < end; at++) {
    const int64_t piece = at % pieces_, row = at / pieces_;
    pass(firstGroup + row % groups, row / groups * pieces_ + piece);
  }
}

/// before(group), first(group, chunk) for all chunks, middle(group), last(group, chunk) for all chunks.
/// Threads take whole groups where that shares the work evenly, and few enough at a time that `last` finds
/// in the caches what `first` has read.
template <class Before, class First, class Middle, class Last>
void BatchNorm::inPasses(int64_t groupBytes, const Before &before, const First &first, const Middle &middle,
                         const Last &last) const {
  const int64_t threads = omp_get_max_threads(), turns = divideUp(groups_, threads);
  const auto each = [](int64_t begin, int64_t end, const auto &body) {
    for (int64_t g = begin; g < end; g++) body(g);
  };
  if (groups_ * 10 >= turns * threads * 9) {
    const int64_t together = std::max<int64_t>(1, (groupBytes > kNear ? kFar / threads : kNear) / groupBytes);
    return parallelFor(groups_, divideUp(kFew, chunks_), [&](int64_t begin, int64_t end) {
      for (int64_t g = begin; g < end; g += together) {
        const int64_t to = std::min(g + together, end), all = (to - g) * chunks_;
        each(g, to, before);
        sweep(g, to, 0, all, first);
        each(g, to, middle);
        sweep(g, to, 0, all, last);
      }
    });
  }
  each(0, groups_, before);
  parallelFor(groups_ * chunks_, kFew, [&](int64_t begin, int64_t end) { sweep(0, groups_, begin, end, first); });
  each(0, groups_, middle);
  parallelFor(groups_ * chunks_, kFew, [&](int64_t begin, int64_t end) { sweep(0, groups_, begin, end, last); });
}

template <class T>
void BatchNorm::forward(const T *x, const NormVectors &v, T *y, void *scratch) const {
  const Tables tables = tablesIn(scratch);
  const int64_t bytes = runs_ * length_ * int64_t(sizeof(T));
  const bool stream = streams(groups_ * bytes);
  inPasses(
      bytes, [](int64_t) {}, [&](int64_t group, int64_t i) { measure(x, group, i, tables); },
      [&](int64_t group) {
        combine(group, v, tables);
        prepare(group, v, tables);
      },
      [&](int64_t group, int64_t i) {
        const Chunk chunk = chunkOf(group, i);
        normOf<T>().normalize(x + chunk.offset, chunk.runs, size_t(width_), normalOf(tables, group), stream,
                              y + chunk.offset);
      });
}

template <class T>
void BatchNorm::backward(const T *dy, const T *x, const NormVectors &v, T *dx, float *dweight, float *dbias,
                         void *scratch) const {
  const Tables tables = tablesIn(scratch);
  const size_t width = size_t(width_);
  const int64_t bytes = runs_ * length_ * int64_t(sizeof(T));
  const bool stream = streams(groups_ * bytes);
  inPasses(
      2 * bytes, [&](int64_t group) { prepare(group, v, tables); },
      [&](int64_t group, int64_t i) {
        const Chunk chunk = chunkOf(group, i);
        float sum[kColumns], along[kColumns];
        normOf<T>().gradSums(dy + chunk.offset, x + chunk.offset, chunk.runs, width, normalOf(tables, group), sum, along);
        std::copy(sum, sum + width_, partial(tables, group, i));
        std::copy(along, along + width_, partial(tables, group, i) + width_);
      },
      [&](int64_t group) { combineGrad(group, v, dweight, dbias, tables); },
      [&](int64_t group, int64_t i) {
        const Chunk chunk = chunkOf(group, i);
        normOf<T>().grad(dy + chunk.offset, x + chunk.offset, chunk.runs, width, normalOf(tables, group), stream,
                         dx + chunk.offset);
      });
}

template void BatchNorm::forward(const float *, const NormVectors &, float *, void *) const;
template void BatchNorm::forward(const uint16_t *, const NormVectors &, uint16_t *, void *) const;
template void BatchNorm::backward(const float *, const float *, const NormVectors &, float *, float *, float *, void *) const;
template void BatchNorm::backward(const uint16_t *, const uint16_t *, const NormVectors &, uint16_t *, float *, float *,
                                  void *) const;

}  // namespace fovea
