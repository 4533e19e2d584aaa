// The ops by family. Attributes of each are listed where the op is built; TypeScript writes them in the
// same order (src/engines/onednn/table.ts).
#pragma once

#include "../builder.h"
#include "../kernels/kernels.h"
#include "../parallel.h"

namespace fovea {

extern const std::vector<OpEntry> convOps, laneConvOps, matmulOps, poolOps, normOps, mapOps, reduceOps, shapeOps,
    indexOps, softmaxOps, updateOps, randomOps;

/// How much work makes a second thread worth waking, in elements of a streaming loop.
constexpr int64_t kGrain = 8192;
/// The same in rows of so many elements.
inline int64_t grainOf(int64_t rowElements) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(rowElements, 1)); }

void copyBytes(Builder &b, Buffer *from, Buffer *to, size_t bytes);

/// Element-wise function of up to three inputs that broadcast to the output; -1 for none. Works in the
/// format of the first full-sized input.
void mapStep(Builder &b, int op, float parameter, int a, int c, int d, int out);

/// Sets the channels beyond the last to zero where the format pads them.
void clearPadding(Builder &b, const Version &version);

/// Strided copy: dims with a step in elements on each side.
struct CopyShape {
  std::vector<int64_t> dims, from, to;
  int64_t fromOffset = 0, toOffset = 0;
};
void copyStep(Builder &b, const char *kernel, Buffer *from, Buffer *to, CopyShape shape, size_t elementBytes);

inline float *floats(const Buffer *b) { return reinterpret_cast<float *>(b->data); }
inline int32_t *ints(const Buffer *b) { return reinterpret_cast<int32_t *>(b->data); }
inline uint8_t *bytesOf(const Buffer *b) { return reinterpret_cast<uint8_t *>(b->data); }
inline uint16_t *halves(const Buffer *b) { return reinterpret_cast<uint16_t *>(b->data); }

/// A float32 copy of a bfloat16 input, or the input itself; the other way round for outputs. Ops that
/// have no bfloat16 form of their own work between the two.
Version wantFloat(Builder &b, int id, const Md &md);
struct FloatOutput {
  Version version;
  int id;
};
Version produceFloat(Builder &b, int id, const Md &md);
void finishFloat(Builder &b, int id, const Version &version);

}  // namespace fovea
