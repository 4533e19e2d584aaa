import type { KernelTable } from '../kernel.ts';
import * as conv from './conv.ts';
import * as elementwise from './elementwise.ts';
import * as indexing from './indexing.ts';
import { matmul } from './matmul.ts';
import * as norm from './norm.ts';
import * as pool from './pool.ts';
import { randomDrop } from './random.ts';
import * as reduce from './reduce.ts';
import * as shape from './shape.ts';
import * as softmax from './softmax.ts';
import * as update from './update.ts';

export const kernels = {
  ...elementwise,
  ...indexing,
  ...norm,
  ...pool,
  ...reduce,
  ...shape,
  ...softmax,
  ...update,
  conv2d: conv.conv2d,
  conv2dInputGrad: conv.conv2dInputGrad,
  conv2dWeightGrad: conv.conv2dWeightGrad,
  matmul,
  randomDrop,
} as const satisfies KernelTable;
