#include "lanes.h"

#include <algorithm>

#include "kernels/kernels.h"
#include "parallel.h"

namespace fovea {

namespace {
/// Elements of an image that are moved at a time: sixteen such pieces stay in the first cache.
constexpr int64_t kPiece = 256;
}  // namespace

bool canTransposeLanes(const Md &from, const Md &to) {
  const auto f32 = dnnl::memory::data_type::f32;
  if (typeOf(from) != f32 || typeOf(to) != f32 || dimsOf(from) != dimsOf(to)) return false;
  return (isPlain(from) && isLanes(to)) || (isLanes(from) && isPlain(to));
}

std::function<void()> transposeLanes(const Version &from, const Version &to) {
  const Dims dims = dimsOf(from.md);
  const int64_t groups = dims[0] / kLaneImages, image = dims[1] * dims[2] * dims[3];
  const int64_t pieces = (image + kPiece - 1) / kPiece;
  const bool in = isPlain(from.md);
  const Buffer *source = from.buffer, *target = to.buffer;
  return [=] {
    parallelFor(groups * pieces, 2, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const int64_t first = i % pieces * kPiece, count = std::min(kPiece, image - first);
        const int64_t plain = i / pieces * kLaneImages * image + first;
        const int64_t lanes = (i / pieces * image + first) * kLaneImages;
        const auto *x = reinterpret_cast<const float *>(source->data);
        auto *y = reinterpret_cast<float *>(target->data);
        if (in) kernels().lanes.toLanes(x + plain, image, y + lanes, count);
        else kernels().lanes.fromLanes(x + lanes, y + plain, image, count);
      }
    });
  };
}

}  // namespace fovea
