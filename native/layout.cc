#include "layout.h"

namespace fovea {

using Type = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

Type dnnlType(DType type) {
  switch (type) {
    case DType::float32: return Type::f32;
    case DType::bfloat16: return Type::bf16;
    case DType::int32: return Type::s32;
    default: return Type::u8;
  }
}

namespace {
Dims rowMajor(const Dims &dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(dims[i], 1);
  return strides;
}

struct Named {
  const char *name;
  Tag tag;
};
// Formats of activations and of convolution weights that oneDNN picks by itself.
const Named kFormats[] = {{"nhwc", Tag::acdb},       {"nChw16c", Tag::aBcd16b}, {"nChw8c", Tag::aBcd8b},
                          {"OIhw16i16o", Tag::ABcd16b16a}, {"OIhw16o16i", Tag::ABcd16a16b}, {"Abcd16a", Tag::Abcd16a},
                          {"Ohwi16o", Tag::Acdb16a}, {"OIhw8i8o", Tag::ABcd8b8a}, {"Ohwi8o", Tag::Acdb8a},
                          {"Ohwi32o", Tag::Acdb32a}, {"nCw16c", Tag::aBc16b}, {"hwio", Tag::cdba}, {"io", Tag::ba}};
}  // namespace

Md plainMd(const Dims &dims, Type type) {
  if (dims.empty()) return Md({1}, type, Dims{1});
  if (dims.size() > 6) {
    int64_t count = 1;
    for (auto d : dims) count *= d;
    return Md({count}, type, Dims{1});
  }
  return Md(dims, type, rowMajor(dims));
}

Md plainMd(const ValueSpec &value) { return plainMd(Dims(value.shape.begin(), value.shape.end()), dnnlType(value.dtype)); }

bool isPlain(const Md &md) { return md == plainMd(dimsOf(md), typeOf(md)); }

Md withType(const Md &md, Type type) {
  if (typeOf(md) == type) return md;
  const Dims dims = dimsOf(md);
  if (isPlain(md)) return plainMd(dims, type);
  for (const auto &f : kFormats) {
    const size_t rank = f.tag == Tag::aBc16b ? 3 : (f.tag == Tag::ba ? 2 : 4);
    if (rank == dims.size() && Md(dims, typeOf(md), f.tag) == md) return Md(dims, type, f.tag);
  }
  throw PlanError("no such memory format for this element type");
}

bool fitsLanes(const Dims &dims) { return dims.size() == 4 && dims[0] > 0 && dims[0] % kLaneImages == 0; }

Md lanesMd(const Dims &dims, Type type) { return Md(dims, type, Tag::Abcd16a); }

bool isLanes(const Md &md) { return fitsLanes(dimsOf(md)) && md == lanesMd(dimsOf(md), typeOf(md)); }

bool channelView(const Md &md, ChannelView &view) {
  const Blocking b = blockingOf(md);
  const size_t rank = b.dims.size();
  if (rank < 2 || b.blocks.size() > 1) return false;
  view.n = b.dims[0];
  view.c = b.dims[1];
  view.spatial = 1;
  for (size_t i = 2; i < rank; i++) {
    if (b.padded[i] != b.dims[i]) return false;
    view.spatial *= b.dims[i];
  }
  if (b.padded[0] != b.dims[0]) return false;
  if (b.blocks.size() == 1) {
    if (b.axes[0] != 1) return false;
    view.block = b.blocks[0];
  } else {
    // A single pixel is row-major and channels-last at once; row-major is the name for it.
    view.block = isPlain(md) ? 1 : view.c;
  }
  view.blocks = b.padded[1] / view.block;
  // Dense, in the order [n, blocks, spatial, block]?
  int64_t stride = view.block;
  for (size_t i = rank; i-- > 2;) {
    if (b.dims[i] != 1 && b.strides[i] != stride) return false;
    stride *= b.dims[i];
  }
  if (view.blocks != 1 && b.strides[1] != stride) return false;
  if (b.blocks.empty() && view.block > 1 && b.strides[1] != 1) return false;
  stride *= view.blocks;
  return view.n == 1 || b.strides[0] == stride;
}

std::string layoutName(const Md &md) {
  if (isOpaque(md)) return "transformed";
  if (isPlain(md)) return "plain";
  const Dims dims = dimsOf(md);
  for (const auto &f : kFormats) {
    const size_t rank = f.tag == Tag::aBc16b ? 3 : (f.tag == Tag::ba ? 2 : 4);
    if (rank == dims.size() && Md(dims, typeOf(md), f.tag) == md) return f.name;
  }
  const Blocking b = blockingOf(md);
  std::string name = "blocked";
  for (size_t i = 0; i < b.blocks.size(); i++) name += " " + std::to_string(b.blocks[i]) + char('a' + b.axes[i]);
  return name;
}

}  // namespace fovea
