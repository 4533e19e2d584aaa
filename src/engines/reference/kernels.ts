import type { PrimitiveName } from '../../ops/primitives.ts';
import * as conv from './conv.ts';
import type { ReferenceKernel } from './kernel.ts';
import * as linear from './linear.ts';
import * as movement from './movement.ts';
import * as norm from './norm.ts';
import * as pool from './pool.ts';
import { randomDrop } from './random.ts';
import * as reduce from './reduce.ts';
import * as softmax from './softmax.ts';
import * as update from './update.ts';

/** What an op without reduction needs is in its declaration: the function of one element. */
type TableKernel<K extends PrimitiveName> = ReferenceKernel<K> | 'elementwise';

/** One kernel for every primitive op: a forgotten one does not compile. */
export const kernels = {
  ...conv,
  ...linear,
  ...movement,
  ...norm,
  ...pool,
  ...reduce,
  ...softmax,
  ...update,
  randomDrop,
  abs: 'elementwise',
  add: 'elementwise',
  div: 'elementwise',
  elu: 'elementwise',
  eluGrad: 'elementwise',
  equal: 'elementwise',
  exp: 'elementwise',
  gelu: 'elementwise',
  geluGrad: 'elementwise',
  greater: 'elementwise',
  greaterEqual: 'elementwise',
  hardswish: 'elementwise',
  hardswishGrad: 'elementwise',
  leakyRelu: 'elementwise',
  leakyReluGrad: 'elementwise',
  lerp: 'elementwise',
  less: 'elementwise',
  lessEqual: 'elementwise',
  log: 'elementwise',
  maximum: 'elementwise',
  minimum: 'elementwise',
  mul: 'elementwise',
  neg: 'elementwise',
  pow: 'elementwise',
  relu: 'elementwise',
  relu6: 'elementwise',
  relu6Grad: 'elementwise',
  reluGrad: 'elementwise',
  rsqrt: 'elementwise',
  select: 'elementwise',
  sigmoid: 'elementwise',
  sigmoidGrad: 'elementwise',
  silu: 'elementwise',
  siluGrad: 'elementwise',
  sqrt: 'elementwise',
  sub: 'elementwise',
  tanh: 'elementwise',
  tanhGrad: 'elementwise',
} as const satisfies { readonly [K in PrimitiveName]: TableKernel<K> };
