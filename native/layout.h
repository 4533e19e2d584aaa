// Memory formats as own kernels see them.
#pragma once

#include "dnnl_compat.h"
#include "kernels/lanes.h"
#include "plan.h"

namespace fovea {

dnnl::memory::data_type dnnlType(DType type);

/// Row-major.
Md plainMd(const Dims &dims, dnnl::memory::data_type type);
Md plainMd(const ValueSpec &value);
bool isPlain(const Md &md);

/// The same format for another element type; throws where oneDNN gives no way to say it.
Md withType(const Md &md, dnnl::memory::data_type type);

/// [n, c, spatial...] seen as [n, blocks, spatial, block]: row-major has block 1, channels-last has one
/// block, oneDNN's nChw16c has blocks of 16 channels. Channels beyond c in the last block are zeros.
struct ChannelView {
  int64_t n = 0, c = 0, blocks = 0, spatial = 0, block = 0;
  bool padded() const { return blocks * block != c; }
  int64_t count() const { return n * blocks * spatial * block; }
};

/// False when the format is none of these.
bool channelView(const Md &md, ChannelView &view);

/// Sixteen images side by side: [n/16, c, h, w, 16] for [n, c, h, w] (native/kernels/lanes.h). The name for
/// it is Abcd16a, which is also a format of weights.
bool fitsLanes(const Dims &dims);
Md lanesMd(const Dims &dims, dnnl::memory::data_type type);
bool isLanes(const Md &md);

/// Element count, padding included.
inline int64_t paddedCount(const Md &md) { return int64_t(md.get_size() / dnnl::memory::data_type_size(typeOf(md))); }

/// Short name for people: `nChw16c`, `plain`, …
std::string layoutName(const Md &md);

}  // namespace fovea
