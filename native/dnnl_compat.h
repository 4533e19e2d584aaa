// The differences between oneDNN 2.x and 3.x, and nothing else.
#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <oneapi/dnnl/dnnl_version.h>
#include <utility>
#include <vector>

namespace fovea {

using Dims = dnnl::memory::dims;
using Md = dnnl::memory::desc;

/// A primitive descriptor. 2.x takes an operation descriptor first, 3.x takes the engine.
template <class Primitive, class... Args>
typename Primitive::primitive_desc makePd(const dnnl::engine &engine, const dnnl::primitive_attr &attr, Args &&...args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine, std::forward<Args>(args)..., attr);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Args>(args)...), attr, engine);
#endif
}

/// The same for the backward direction, which wants the forward descriptor as a hint.
template <class Primitive, class Hint, class... Args>
typename Primitive::primitive_desc makeGradPd(const dnnl::engine &engine, const dnnl::primitive_attr &attr,
                                              const Hint &hint, Args &&...args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine, std::forward<Args>(args)..., hint, attr);
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Args>(args)...), attr, engine, hint);
#endif
}

inline dnnl::pooling_forward::primitive_desc poolPd(const dnnl::engine &engine, const dnnl::primitive_attr &attr,
                                                    dnnl::prop_kind kind, dnnl::algorithm algorithm, const Md &x,
                                                    const Md &y, const Dims &stride, const Dims &kernel,
                                                    const Dims &before, const Dims &after) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, kind, algorithm, x, y, stride, kernel, Dims(kernel.size(), 0), before, after, attr};
#else
  return {dnnl::pooling_forward::desc(kind, algorithm, x, y, stride, kernel, before, after), attr, engine};
#endif
}

inline dnnl::pooling_backward::primitive_desc poolGradPd(const dnnl::engine &engine, const dnnl::primitive_attr &attr,
                                                         const dnnl::pooling_forward::primitive_desc &hint,
                                                         dnnl::algorithm algorithm, const Md &dx, const Md &dy,
                                                         const Dims &stride, const Dims &kernel, const Dims &before,
                                                         const Dims &after) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, algorithm, dx, dy, stride, kernel, Dims(kernel.size(), 0), before, after, hint, attr};
#else
  return {dnnl::pooling_backward::desc(algorithm, dx, dy, stride, kernel, before, after), attr, engine, hint};
#endif
}

inline void appendEltwise(dnnl::post_ops &ops, dnnl::algorithm algorithm, float alpha, float beta) {
#if DNNL_VERSION_MAJOR >= 3
  ops.append_eltwise(algorithm, alpha, beta);
#else
  ops.append_eltwise(1.0f, algorithm, alpha, beta);
#endif
}

inline dnnl::memory::data_type typeOf(const Md &md) {
#if DNNL_VERSION_MAJOR >= 3
  return md.get_data_type();
#else
  return md.data_type();
#endif
}

inline Dims dimsOf(const Md &md) {
#if DNNL_VERSION_MAJOR >= 3
  return md.get_dims();
#else
  return md.dims();
#endif
}

/// Whether only primitives know how the elements lie.
inline bool isOpaque(const Md &md) {
#if DNNL_VERSION_MAJOR >= 3
  return md.get_format_kind() != dnnl::memory::format_kind::blocked;
#else
  return md.data.format_kind != dnnl_blocked;
#endif
}

/// How a blocked format lies in memory: oneDNN's own description of it.
struct Blocking {
  Dims dims, padded, strides;
  std::vector<int64_t> blocks, axes;
};

inline Blocking blockingOf(const Md &md) {
  Blocking b;
  b.dims = dimsOf(md);
#if DNNL_VERSION_MAJOR >= 3
  b.padded = md.get_padded_dims();
  b.strides = md.get_strides();
  for (auto n : md.get_inner_blks()) b.blocks.push_back(n);
  for (auto n : md.get_inner_idxs()) b.axes.push_back(n);
  b.blocks.resize(static_cast<size_t>(md.get_inner_nblks()));
  b.axes.resize(b.blocks.size());
#else
  const auto &f = md.data.format_desc.blocking;
  b.padded.assign(md.data.padded_dims, md.data.padded_dims + md.data.ndims);
  b.strides.assign(f.strides, f.strides + md.data.ndims);
  b.blocks.assign(f.inner_blks, f.inner_blks + f.inner_nblks);
  b.axes.assign(f.inner_idxs, f.inner_idxs + f.inner_nblks);
#endif
  return b;
}

}  // namespace fovea
