// Counter-based random numbers, as src/graph/philox.ts.
#include <cmath>

#include "ops.h"

namespace fovea {

namespace {

/// randomDrop(x, seed, step): rate, stream. Element i is kept when word i mod 4 of Philox(counter
/// [⌊i/4⌋, step, stream, 0], key [seed, 0]), over 2³², is at least rate.
void randomDrop(Builder &b) {
  const int x = b.input(0), y = b.output();
  require(b.type(b.input(1)).dtype == DType::int32 && b.type(b.input(2)).dtype == DType::int32 &&
              b.type(b.input(1)).count() == 1 && b.type(b.input(2)).count() == 1,
          "seed and step must be int32 scalars");
  require(b.dims(x) == b.dims(y) && b.type(x).dtype == b.type(y).dtype, "shapes or types do not agree");
  const double rate = b.attr(0);
  require(rate >= 0 && rate < 1, "the rate must be in [0, 1)");
  const uint32_t stream = uint32_t(b.intAttr(1, 0, int64_t(UINT32_MAX)));
  const auto type = b.type(x).dtype;
  const bool half = type == DType::bfloat16;
  require(type == DType::float32 || half, "floating-point numbers are needed");
  const Version from = b.plain(x);
  Buffer *seed = b.plain(b.input(1)).buffer, *step = b.plain(b.input(2)).buffer;
  const Version to = b.produceOver(y, plainMd(b.type(y)), {x});
  const int64_t n = b.type(x).count();
  // word / 2³² ≥ rate, without leaving integers.
  const uint64_t limit = uint64_t(std::ceil(rate * 4294967296.0));
  const float scale = float(1.0 / (1.0 - rate));
  b.call("philox", {from.buffer, seed, step}, {to.buffer}, [=] {
    const uint32_t key = uint32_t(ints(seed)[0]), at = uint32_t(ints(step)[0]);
    constexpr int64_t kPiece = 64;
    parallelFor((n + kPiece - 1) / kPiece, kGrain / kPiece, [&](int64_t begin, int64_t end) {
      alignas(64) float factor[kPiece], value[kPiece];
      for (int64_t piece = begin; piece < end; piece++) {
        const int64_t first = piece * kPiece;
        const size_t count = size_t(std::min(kPiece, n - first));
        kernels().keepFactors(uint32_t(first / 4), at, stream, key, limit, scale, factor);
        const float *x = floats(from.buffer) + first;
        if (half) {
          kernels().fromBf16(halves(from.buffer) + first, value, count);
          x = value;
        }
        float *y = half ? value : floats(to.buffer) + first;
        kernels().map(kMaskedMul, factor, 1, x, 1, nullptr, 0, y, count, 0.0f);
        if (half) kernels().toBf16(value, halves(to.buffer) + first, count);
      }
    });
  });
}

}  // namespace

const std::vector<OpEntry> randomOps = {{"randomDrop", randomDrop, nullptr}};

}  // namespace fovea
