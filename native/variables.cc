#include "variables.h"

#include <cstring>

namespace fovea {

namespace {
void copyInto(const Md &from, const void *source, const Md &to, void *target, const dnnl::engine &engine) {
  dnnl::stream stream(engine);
  dnnl::memory a(from, engine, const_cast<void *>(source)), b(to, engine, target);
  dnnl::reorder(a, b).execute(stream, a, b);
  stream.wait();
}
Md rowMajorOf(const Md &md) { return plainMd(dimsOf(md), typeOf(md)); }
}  // namespace

size_t byteSize(const ValueSpec &spec) { return size_t(spec.count()) * sizeOf(spec.dtype); }

std::unique_ptr<Variable> makeVariable(const ValueSpec &spec) {
  auto v = std::make_unique<Variable>();
  v->spec = spec;
  v->md = plainMd(spec);
  v->block = Block(byteSize(spec));
  v->buffer.home = Home::variable;
  v->buffer.bytes = byteSize(spec);
  v->buffer.data = v->block.data();
  return v;
}

void relayout(Variable &v, const Md &md, const dnnl::engine &engine) {
  if (v.pinned || md == v.md) return;
  Block block(md.get_size());
  const Md from = isPlain(v.md) ? rowMajorOf(md) : v.md;
  copyInto(from, v.block.data(), md, block.data(), engine);
  v.block = std::move(block);
  v.md = md;
  v.buffer.bytes = md.get_size();
  v.buffer.data = v.block.data();
}

void readVariable(const Variable &v, void *to, const dnnl::engine &engine) {
  if (isPlain(v.md)) std::memcpy(to, v.block.data(), byteSize(v.spec));
  else copyInto(v.md, v.block.data(), rowMajorOf(v.md), to, engine);
}

void writeVariable(Variable &v, const void *from, const dnnl::engine &engine) {
  if (isPlain(v.md)) std::memcpy(v.block.data(), from, byteSize(v.spec));
  else copyInto(rowMajorOf(v.md), from, v.md, v.block.data(), engine);
}

}  // namespace fovea
