import { elementStart, storeFirst, words } from './lanes';

// Optimiser steps, each one pass. Every output may lie over its input: all four numbers are read before any is written.

/** param − lr·(grad + weightDecay·param). */
export function sgdUpdate(
  param: usize, grad: usize, lr: usize, newParam: usize, count: i32, weightDecay: f32,
  thread: i32, threads: i32,
): void {
  const rate = v128.load32_splat(lr);
  const decay = f32x4.splat(weightDecay);
  const end = elementStart(count, thread + 1, threads);
  for (let at = elementStart(count, thread, threads); at < end; at += 4) {
    const offset = words(at);
    const p = v128.load(param + offset);
    const g = f32x4.add(v128.load(grad + offset), f32x4.mul(decay, p));
    storeFirst(newParam + offset, f32x4.sub(p, f32x4.mul(rate, g)), end - at);
  }
}

/** v = momentum·v + (1 − dampening)·g, or g at step 0; param − lr·v, or − lr·(g + momentum·v) with nesterov. */
export function momentumUpdate(
  param: usize, grad: usize, velocity: usize, lr: usize, step: usize,
  newParam: usize, newVelocity: usize, count: i32,
  momentum: f32, dampening: f32, nesterov: bool, weightDecay: f32, thread: i32, threads: i32,
): void {
  const rate = v128.load32_splat(lr);
  const decay = f32x4.splat(weightDecay);
  const first = load<i32>(step) == 0;
  const keep = f32x4.splat(momentum);
  const take = f32x4.splat(first ? 1 : 1 - dampening);
  const end = elementStart(count, thread + 1, threads);
  for (let at = elementStart(count, thread, threads); at < end; at += 4) {
    const offset = words(at);
    const p = v128.load(param + offset);
    const g = f32x4.add(v128.load(grad + offset), f32x4.mul(decay, p));
    // What the velocity holds before the first step does not count, not even a NaN.
    const kept = first ? f32x4.splat(0) : f32x4.mul(keep, v128.load(velocity + offset));
    const v = f32x4.add(kept, f32x4.mul(take, g));
    const way = nesterov ? f32x4.add(g, f32x4.mul(keep, v)) : v;
    storeFirst(newParam + offset, f32x4.sub(p, f32x4.mul(rate, way)), end - at);
    storeFirst(newVelocity + offset, v, end - at);
  }
}

/** base^exponent by squaring. */
function wholePower(base: f64, exponent: i32): f64 {
  let result: f64 = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

export function adamUpdate(
  param: usize, grad: usize, mean: usize, variance: usize, lr: usize, step: usize,
  newParam: usize, newMean: usize, newVariance: usize, count: i32,
  beta1: f64, beta2: f64, epsilon: f32, weightDecay: f64, decoupled: bool, thread: i32, threads: i32,
): void {
  const updates = load<i32>(step) + 1;
  const rate = <f64>load<f32>(lr);
  const correction1 = 1 - wholePower(beta1, updates);
  const correction2 = 1 - wholePower(beta2, updates);
  const size = f32x4.splat(<f32>(rate / correction1));
  const root = f32x4.splat(<f32>(1 / sqrt<f64>(correction2)));
  const tiny = f32x4.splat(epsilon);
  const keep1 = f32x4.splat(<f32>beta1);
  const take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const take2 = f32x4.splat(<f32>(1 - beta2));
  const shrink = f32x4.splat(decoupled ? <f32>(1 - rate * weightDecay) : 1);
  const decay = f32x4.splat(decoupled ? 0 : <f32>weightDecay);
  const end = elementStart(count, thread + 1, threads);
  for (let at = elementStart(count, thread, threads); at < end; at += 4) {
    const offset = words(at);
    const p = v128.load(param + offset);
    const g = f32x4.add(v128.load(grad + offset), f32x4.mul(decay, p));
    const m = f32x4.add(f32x4.mul(keep1, v128.load(mean + offset)), f32x4.mul(take1, g));
    const v = f32x4.add(
      f32x4.mul(keep2, v128.load(variance + offset)),
      f32x4.mul(take2, f32x4.mul(g, g)),
    );
    const spread = f32x4.add(f32x4.mul(f32x4.sqrt(v), root), tiny);
    const way = f32x4.div(f32x4.mul(size, m), spread);
    storeFirst(newParam + offset, f32x4.sub(f32x4.mul(shrink, p), way), end - at);
    storeFirst(newMean + offset, m, end - at);
    storeFirst(newVariance + offset, v, end - at);
  }
}

/** v = momentum·v + g / (√(square [− mean²]) + ε); param − lr·v. The mean stays as it is unless `centered`. */
export function rmspropUpdate(
  param: usize, grad: usize, square: usize, mean: usize, velocity: usize, lr: usize,
  newParam: usize, newSquare: usize, newMean: usize, newVelocity: usize, count: i32,
  alpha: f64, epsilon: f32, momentum: f32, centered: bool, weightDecay: f32,
  thread: i32, threads: i32,
): void {
  const rate = v128.load32_splat(lr);
  const decay = f32x4.splat(weightDecay);
  const keep = f32x4.splat(<f32>alpha);
  const take = f32x4.splat(<f32>(1 - alpha));
  const tiny = f32x4.splat(epsilon);
  const inertia = f32x4.splat(momentum);
  const end = elementStart(count, thread + 1, threads);
  for (let at = elementStart(count, thread, threads); at < end; at += 4) {
    const offset = words(at);
    const p = v128.load(param + offset);
    const g = f32x4.add(v128.load(grad + offset), f32x4.mul(decay, p));
    const s = f32x4.add(
      f32x4.mul(keep, v128.load(square + offset)),
      f32x4.mul(take, f32x4.mul(g, g)),
    );
    let m = v128.load(mean + offset);
    let spread = s;
    if (centered) {
      m = f32x4.add(f32x4.mul(keep, m), f32x4.mul(take, g));
      spread = f32x4.sub(s, f32x4.mul(m, m));
    }
    const way = f32x4.div(g, f32x4.add(f32x4.sqrt(spread), tiny));
    const v = f32x4.add(f32x4.mul(inertia, v128.load(velocity + offset)), way);
    storeFirst(newParam + offset, f32x4.sub(p, f32x4.mul(rate, v)), end - at);
    storeFirst(newSquare + offset, s, end - at);
    storeFirst(newMean + offset, m, end - at);
    storeFirst(newVelocity + offset, v, end - at);
  }
}
