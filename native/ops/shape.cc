// Ops that move elements: reshape, transpose, slice, pad, concat. Channels in whole blocks stay in blocks.
#include <cstring>

#include "ops.h"

namespace fovea {

namespace {

size_t elementBytes(const Builder &b, int id) { return sizeOf(b.type(id).dtype); }

std::vector<int64_t> rowMajor(const std::vector<int64_t> &dims) {
  std::vector<int64_t> steps(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) steps[i - 1] = steps[i] * dims[i];
  return steps;
}

std::vector<int64_t> list(const Dims &d) { return {d.begin(), d.end()}; }

template <class T>
void copyRow(const char *from, int64_t fromStep, char *to, int64_t toStep, int64_t n) {
  const T *a = reinterpret_cast<const T *>(from);
  T *b = reinterpret_cast<T *>(to);
  for (int64_t i = 0; i < n; i++) b[i * toStep] = a[i * fromStep];
}

void runCopy(const CopyShape &s, const char *from, char *to, size_t each) {
  const size_t rank = s.dims.size();
  const int64_t inner = s.dims[rank - 1], a = s.from[rank - 1], b = s.to[rank - 1];
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < rank; i++) rows *= s.dims[i];
  parallelFor(rows, grainOf(inner), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      int64_t rest = r, x = s.fromOffset, y = s.toOffset;
      for (size_t d = rank - 1; d-- > 0; rest /= s.dims[d]) {
        x += rest % s.dims[d] * s.from[d];
        y += rest % s.dims[d] * s.to[d];
      }
      const char *source = from + size_t(x) * each;
      char *target = to + size_t(y) * each;
      if (a == 1 && b == 1) std::memcpy(target, source, size_t(inner) * each);
      else if (each == 4) copyRow<uint32_t>(source, a, target, b, inner);
      else if (each == 2) copyRow<uint16_t>(source, a, target, b, inner);
      else copyRow<uint8_t>(source, a, target, b, inner);
    }
  });
}

/// Joins axes that are contiguous on both sides.
CopyShape simplified(const CopyShape &s) {
  CopyShape t;
  t.fromOffset = s.fromOffset;
  t.toOffset = s.toOffset;
  for (size_t i = 0; i < s.dims.size(); i++) {
    if (s.dims[i] == 1) continue;
    if (!t.dims.empty() && t.from.back() == s.from[i] * s.dims[i] && t.to.back() == s.to[i] * s.dims[i]) {
      t.dims.back() *= s.dims[i];
      t.from.back() = s.from[i];
      t.to.back() = s.to[i];
    } else {
      t.dims.push_back(s.dims[i]);
      t.from.push_back(s.from[i]);
      t.to.push_back(s.to[i]);
    }
  }
  if (t.dims.empty()) {
    t.dims = {1};
    t.from = t.to = {1};
  }
  return t;
}

/// The format's tag if it is [n, c, h, w] in blocks of channels, or channels-last; else none.
dnnl::memory::format_tag blockedTag(const Md &md, ChannelView &v) {
  using Tag = dnnl::memory::format_tag;
  if (dimsOf(md).size() != 4 || isPlain(md) || !channelView(md, v)) return Tag::undef;
  for (const Tag tag : {Tag::aBcd16b, Tag::aBcd8b, Tag::acdb})
    if (Md(dimsOf(md), typeOf(md), tag) == md) return tag;
  return Tag::undef;
}

/// A run of channels that is contiguous on both sides.
struct Segment {
  int64_t from, to, length;
};

/// Copies `count` channels, block by block where the blocks coincide, in pieces of pixels where not.
void copyChannels(Builder &b, const char *kernel, Buffer *from, const ChannelView &x, int64_t xStart, Buffer *to,
                  const ChannelView &y, int64_t yStart, int64_t count, size_t each) {
  std::vector<Segment> segments;
  for (int64_t i = 0; i < count;) {
    const int64_t c = xStart + i, d = yStart + i;
    const int64_t length = std::min({count - i, x.block - c % x.block, y.block - d % y.block});
    segments.push_back({c / x.block * x.spatial * x.block + c % x.block,
                        d / y.block * y.spatial * y.block + d % y.block, length});
    i += length;
  }
  const int64_t xImage = x.blocks * x.spatial * x.block, yImage = y.blocks * y.spatial * y.block;
  const int64_t spatial = x.spatial, xb = x.block, yb = y.block;
  b.call(kernel, {from}, {to}, [=] {
    parallelFor(x.n, grainOf(spatial * count), [&](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; n++)
        for (const Segment &s : segments) {
          const char *source = from->data + size_t(n * xImage + s.from) * each;
          char *target = to->data + size_t(n * yImage + s.to) * each;
          if (s.length == xb && s.length == yb) {
            std::memcpy(target, source, size_t(spatial * s.length) * each);
            continue;
          }
          const size_t bytes = size_t(s.length) * each;
          for (int64_t p = 0; p < spatial; p++)
            std::memcpy(target + size_t(p * yb) * each, source + size_t(p * xb) * each, bytes);
        }
    });
  });
}

void reshape(Builder &b) {
  const int x = b.input(0), y = b.output();
  require(b.type(x).count() == b.type(y).count() && b.type(x).dtype == b.type(y).dtype, "the result has another size");
  // One pixel in whole blocks of channels is row-major in all but name.
  ChannelView v;
  const Md &md = b.mdOf(x);
  if (typeOf(md) == dnnlType(b.type(x).dtype) && dimsOf(md) == b.dims(x) && channelView(md, v) && v.spatial == 1 &&
      !v.padded()) {
    return b.alias(y, b.base(x), plainMd(b.type(y)));
  }
  b.alias(y, b.plain(x), plainMd(b.type(y)));
}

/// transpose(x): axis of x for each axis of y.
void transpose(Builder &b) {
  const int x = b.input(0), y = b.output();
  const auto dims = list(b.dims(y));
  const auto steps = rowMajor(list(b.dims(x)));
  CopyShape s;
  s.dims = dims;
  s.to = rowMajor(dims);
  std::vector<char> seen(dims.size(), 0);
  require(dims.size() == steps.size() && b.type(x).dtype == b.type(y).dtype, "ranks or types do not agree");
  for (size_t i = 0; i < dims.size(); i++) {
    const size_t axis = size_t(b.intAttr(i, 0, int64_t(dims.size()) - 1));
    require(!seen[axis] && b.dims(x)[axis] == dims[i], "axes do not agree");
    seen[axis] = 1;
    s.from.push_back(steps[axis]);
  }
  copyStep(b, "transpose", b.plain(x).buffer, b.producePlain(y).buffer, s, elementBytes(b, x));
}

/// slice(x): start and step for each axis.
void slice(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Dims xd = b.dims(x), yd = b.dims(y);
  require(xd.size() == yd.size() && b.type(x).dtype == b.type(y).dtype, "ranks or types do not agree");
  std::vector<int64_t> start, step;
  bool channelsOnly = xd.size() >= 3;
  for (size_t i = 0; i < xd.size(); i++) {
    start.push_back(b.intAttr(2 * i, 0, int64_t(1) << 40));
    step.push_back(b.intAttr(2 * i + 1, 1, int64_t(1) << 40));
    require(yd[i] == 0 || (yd[i] <= xd[i] && (yd[i] - 1) <= (xd[i] - 1 - start[i]) / step[i] && start[i] < xd[i]),
            "the slice is not inside");
    if (i != 1) channelsOnly = channelsOnly && xd[i] == yd[i];
    else channelsOnly = channelsOnly && step[i] == 1;
  }
  const Md md = b.mdOf(x);
  ChannelView v, u;
  const auto tag = channelsOnly && dimsOf(md) == xd ? blockedTag(md, v) : dnnl::memory::format_tag::undef;
  if (tag != dnnl::memory::format_tag::undef) {
    const Md to(yd, typeOf(md), tag);
    if (channelView(to, u)) {
      const Version out = b.produce(y, to);
      copyChannels(b, "slice channels", b.base(x).buffer, v, start[1], out.buffer, u, 0, yd[1], elementBytes(b, x));
      clearPadding(b, out);
      return;
    }
  }
  const auto steps = rowMajor(list(xd));
  CopyShape s;
  s.dims = list(yd);
  s.to = rowMajor(s.dims);
  for (size_t i = 0; i < xd.size(); i++) {
    s.from.push_back(steps[i] * step[i]);
    s.fromOffset += steps[i] * start[i];
  }
  copyStep(b, "slice", b.plain(x).buffer, b.producePlain(y).buffer, s, elementBytes(b, x));
}

/// pad(x): value, then before and interior for each axis.
void pad(Builder &b) {
  const int x = b.input(0), y = b.output();
  const Dims xd = b.dims(x), yd = b.dims(y);
  require(xd.size() == yd.size() && b.type(x).dtype == b.type(y).dtype, "ranks or types do not agree");
  CopyShape s;
  s.dims = list(xd);
  s.from = rowMajor(s.dims);
  const auto steps = rowMajor(list(yd));
  for (size_t i = 0; i < xd.size(); i++) {
    const int64_t before = b.intAttr(1 + 2 * i, 0, int64_t(1) << 40), interior = b.intAttr(2 + 2 * i, 0, int64_t(1) << 30);
    require(xd[i] == 0 || (before < yd[i] && (xd[i] - 1) <= (yd[i] - 1 - before) / (interior + 1)), "x does not fit into the result");
    s.to.push_back(steps[i] * (interior + 1));
    s.toOffset += steps[i] * before;
  }
  const Version from = b.plain(x), to = b.producePlain(y);
  const double value = b.attr(0);
  const auto type = b.type(y).dtype;
  const int64_t n = b.type(y).count();
  Buffer *out = to.buffer;
  b.call("fill", {}, {out}, [=] {
    parallelFor(n, kGrain, [&](int64_t begin, int64_t end) {
      const float f = float(value);
      uint16_t half;
      kernels().toBf16(&f, &half, 1);
      for (int64_t i = begin; i < end; i++) {
        if (type == DType::float32) floats(out)[i] = f;
        else if (type == DType::int32) ints(out)[i] = int32_t(value);
        else if (type == DType::bfloat16) halves(out)[i] = half;
        else bytesOf(out)[i] = uint8_t(value);
      }
    });
  });
  copyStep(b, "pad", from.buffer, out, s, elementBytes(b, x));
}

/// Joins channels in the format of the first input that is in blocks.
bool concatBlocks(Builder &b, const Md &first) {
  const int y = b.output();
  const Dims yd = b.dims(y);
  ChannelView v, u;
  const auto tag = blockedTag(first, v);
  if (tag == dnnl::memory::format_tag::undef) return false;
  const Md to(yd, typeOf(first), tag);
  if (!channelView(to, u)) return false;
  const Version out = b.produce(y, to);
  int64_t at = 0;
  for (size_t i = 0; i < b.inputs(); i++) {
    const Dims xd = b.dims(b.input(i));
    const Version x = b.want(b.input(i), Md(xd, typeOf(first), tag));
    ChannelView w;
    require(channelView(x.md, w), "an input has no such format");
    copyChannels(b, "concat channels", x.buffer, w, 0, out.buffer, u, at, xd[1], elementBytes(b, y));
    at += xd[1];
  }
  clearPadding(b, out);
  return true;
}

/// concat(xs...): axis.
void concat(Builder &b) {
  const int y = b.output();
  const Dims yd = b.dims(y);
  require(!yd.empty(), "an axis is needed");
  const size_t axis = size_t(b.intAttr(0, 0, int64_t(yd.size()) - 1));
  int64_t total = 0;
  Md format = plainMd(b.type(y));
  bool blocked = false;
  for (size_t i = 0; i < b.inputs(); i++) {
    const Dims xd = b.dims(b.input(i));
    require(xd.size() == yd.size() && b.type(b.input(i)).dtype == b.type(y).dtype, "ranks or types do not agree");
    for (size_t d = 0; d < yd.size(); d++) require(d == axis || xd[d] == yd[d], "sizes do not agree");
    total += xd[axis];
    const Md &md = b.mdOf(b.input(i));
    if (!blocked && dimsOf(md) == xd && !isPlain(md)) {
      format = md;
      blocked = true;
    }
  }
  require(total == yd[axis], "the result has another size");
  if (blocked && axis == 1 && concatBlocks(b, format)) return;
  const auto steps = rowMajor(list(yd));
  const Version out = b.producePlain(y);
  int64_t at = 0;
  for (size_t i = 0; i < b.inputs(); i++) {
    CopyShape s;
    s.dims = list(b.dims(b.input(i)));
    s.from = rowMajor(s.dims);
    s.to = steps;
    s.toOffset = at * steps[axis];
    copyStep(b, "concat", b.plain(b.input(i)).buffer, out.buffer, s, elementBytes(b, y));
    at += s.dims[axis];
  }
}

}  // namespace

void copyStep(Builder &b, const char *kernel, Buffer *from, Buffer *to, CopyShape shape, size_t each) {
  for (auto d : shape.dims)
    if (d == 0) return b.call(kernel, {from}, {to}, [] {});
  const CopyShape s = simplified(shape);
  b.call(kernel, {from}, {to}, [=] { runCopy(s, from->data, to->data, each); });
}

void copyBytes(Builder &b, Buffer *from, Buffer *to, size_t bytes) {
  b.call("copy", {from}, {to}, [=] {
    parallelFor(int64_t(bytes), kGrain * 4, [&](int64_t begin, int64_t end) {
      std::memcpy(to->data + begin, from->data + begin, size_t(end - begin));
    });
  });
}

const std::vector<OpEntry> shapeOps = {{"reshape", reshape, nullptr},
                                       {"transpose", transpose, nullptr},
                                       {"slice", slice, nullptr},
                                       {"pad", pad, nullptr},
                                       {"concat", concat, nullptr}};

}  // namespace fovea
