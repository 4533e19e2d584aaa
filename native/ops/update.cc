// Optimiser steps: one pass over a parameter and its state, where and how they lie.
#include <cmath>

#include "ops.h"

namespace fovea {

namespace {

float scalarOf(const Buffer *b) { return floats(b)[0]; }

int scalarInput(Builder &b, size_t i, DType type) {
  const int id = b.input(i);
  require(b.type(id).count() == 1 && b.type(id).dtype == type, "lr must be a float32 scalar and step an int32 scalar");
  return id;
}

/// State lies like its parameter.
template <size_t... State>
void claimState(Builder &b) {
  (b.claimLike(b.input(State), b.input(0)), ...);
}

/// Outputs in the memory of their inputs, in the format of param; `states` are positions of inputs.
struct Task {
  Md md;
  Buffer *grad;
  std::vector<Buffer *> targets;
  int64_t n;
};

Task prepare(Builder &b, std::initializer_list<int> states) {
  const int param = b.input(0);
  require(b.type(param).dtype == DType::float32, "parameters must be float32");
  const Dims d = b.dims(param);
  require(b.dims(b.input(1)) == d && b.type(b.input(1)).dtype == DType::float32, "grad must be like param");
  Task t{b.mdOf(param), b.want(b.input(1), b.mdOf(param)).buffer, {}, paddedCount(b.mdOf(param))};
  size_t i = 0;
  for (int at : states) {
    const int from = b.input(size_t(at)), to = b.output(i++);
    require(b.dims(from) == d && b.dims(to) == d && b.type(from).dtype == DType::float32 &&
                b.type(to).dtype == DType::float32,
            "param, grad and state must have one shape");
    const Version source = b.want(from, t.md), target = b.produceOver(to, t.md, {from});
    if (target.buffer != source.buffer) copyBytes(b, source.buffer, target.buffer, t.md.get_size());
    t.targets.push_back(target.buffer);
  }
  return t;
}

template <class Body>
void emit(Builder &b, const Task &t, std::vector<Buffer *> scalars, const Body &body) {
  std::vector<Buffer *> reads = t.targets;
  reads.push_back(t.grad);
  reads.insert(reads.end(), scalars.begin(), scalars.end());
  b.call("update " + layoutName(t.md), reads, t.targets, [=] {
    parallelFor(t.n, kGrain, [&](int64_t begin, int64_t end) { body(begin, size_t(end - begin)); });
  });
}

/// sgdUpdate(param, grad, lr): weightDecay.
void sgd(Builder &b) {
  const Task t = prepare(b, {0});
  Buffer *lr = b.plain(scalarInput(b, 2, DType::float32)).buffer;
  UpdateNumbers u{};
  u.weightDecay = float(b.attr(0));
  emit(b, t, {lr}, [=](int64_t at, size_t n) {
    UpdateNumbers v = u;
    v.lr = scalarOf(lr);
    kernels().sgd(floats(t.targets[0]) + at, floats(t.grad) + at, n, v);
  });
}

/// momentumUpdate(param, grad, velocity, lr, step): momentum, dampening, nesterov, weightDecay.
void momentum(Builder &b) {
  const Task t = prepare(b, {0, 2});
  Buffer *lr = b.plain(scalarInput(b, 3, DType::float32)).buffer, *step = b.plain(scalarInput(b, 4, DType::int32)).buffer;
  UpdateNumbers u{};
  u.a = float(b.attr(0));
  u.b = float(1.0 - b.attr(1));
  u.flag = b.intAttr(2, 0, 1) != 0;
  u.weightDecay = float(b.attr(3));
  emit(b, t, {lr, step}, [=](int64_t at, size_t n) {
    UpdateNumbers v = u;
    v.lr = scalarOf(lr);
    v.first = ints(step)[0] == 0;
    kernels().momentum(floats(t.targets[0]) + at, floats(t.grad) + at, floats(t.targets[1]) + at, n, v);
  });
}

/// adamUpdate(param, grad, mean, variance, lr, step): beta1, beta2, epsilon, weightDecay, decoupled.
void adam(Builder &b) {
  const Task t = prepare(b, {0, 2, 3});
  Buffer *lr = b.plain(scalarInput(b, 4, DType::float32)).buffer, *step = b.plain(scalarInput(b, 5, DType::int32)).buffer;
  UpdateNumbers u{};
  const double beta1 = b.attr(0), beta2 = b.attr(1);
  u.a = float(beta1);
  u.b = float(beta2);
  u.epsilon = float(b.attr(2));
  u.weightDecay = float(b.attr(3));
  u.flag = b.intAttr(4, 0, 1) != 0;
  emit(b, t, {lr, step}, [=](int64_t at, size_t n) {
    UpdateNumbers v = u;
    const double count = double(ints(step)[0]) + 1;
    v.lr = scalarOf(lr);
    v.c = float(1.0 / (1.0 - std::pow(beta1, count)));
    v.d = float(1.0 / std::sqrt(1.0 - std::pow(beta2, count)));
    kernels().adam(floats(t.targets[0]) + at, floats(t.grad) + at, floats(t.targets[1]) + at, floats(t.targets[2]) + at, n, v);
  });
}

/// rmspropUpdate(param, grad, square, mean, velocity, lr): alpha, epsilon, momentum, centered, weightDecay.
void rmsprop(Builder &b) {
  const Task t = prepare(b, {0, 2, 3, 4});
  Buffer *lr = b.plain(scalarInput(b, 5, DType::float32)).buffer;
  UpdateNumbers u{};
  u.a = float(b.attr(0));
  u.epsilon = float(b.attr(1));
  u.b = float(b.attr(2));
  u.flag = b.intAttr(3, 0, 1) != 0;
  u.weightDecay = float(b.attr(4));
  emit(b, t, {lr}, [=](int64_t at, size_t n) {
    UpdateNumbers v = u;
    v.lr = scalarOf(lr);
    kernels().rmsprop(floats(t.targets[0]) + at, floats(t.grad) + at, floats(t.targets[1]) + at,
                      floats(t.targets[2]) + at, floats(t.targets[3]) + at, n, v);
  });
}

}  // namespace

const std::vector<OpEntry> updateOps = {{"sgdUpdate", sgd, nullptr},
                                        {"momentumUpdate", momentum, claimState<2>},
                                        {"adamUpdate", adam, claimState<2, 3>},
                                        {"rmspropUpdate", rmsprop, claimState<2, 3, 4>}};

}  // namespace fovea
