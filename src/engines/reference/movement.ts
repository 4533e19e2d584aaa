import { sizeOf, stridesOf } from '../../graph/index.ts';
import type { ReferenceKernel } from './kernel.ts';
import { broadcastOffsets, eachIndex, eachLine } from './value.ts';

export const reshape: ReferenceKernel<'reshape'> = ({ x }, _attrs, y) => y.data.set(x.data);

/** Outputs come with their dtype, and the interpreter stores numbers as it says. */
export const cast: ReferenceKernel<'cast'> = ({ x }, _attrs, y) => y.data.set(x.data);

export const broadcastTo: ReferenceKernel<'broadcastTo'> = ({ x }, _attrs, y) => {
  broadcastOffsets(x.shape, y.shape).forEach((offset, i) => {
    y.data[i] = x.data[offset]!;
  });
};

export const transpose: ReferenceKernel<'transpose'> = ({ x }, { axes }, y) => {
  const strides = stridesOf(x.shape);
  eachIndex(y.shape, (index, i) => {
    y.data[i] = x.data[axes.reduce((at, axis, k) => at + strides[axis]! * index[k]!, 0)]!;
  });
};

export const slice: ReferenceKernel<'slice'> = ({ x }, { start, step }, y) => {
  const strides = stridesOf(x.shape);
  eachIndex(y.shape, (index, i) => {
    const at = strides.reduce((sum, s, k) => sum + s * (start[k]! + step[k]! * index[k]!), 0);
    y.data[i] = x.data[at]!;
  });
};

export const pad: ReferenceKernel<'pad'> = ({ x }, { before, interior, value }, y) => {
  y.data.fill(value);
  const strides = stridesOf(y.shape);
  eachIndex(x.shape, (index, i) => {
    const place = (k: number) => before[k]! + (interior[k]! + 1) * index[k]!;
    y.data[strides.reduce((at, stride, k) => at + stride * place(k), 0)] = x.data[i]!;
  });
};

export const concat: ReferenceKernel<'concat'> = ({ xs }, { axis }, y) => {
  const strides = stridesOf(y.shape);
  let first = 0;
  for (const x of xs) {
    eachIndex(x.shape, (index, i) => {
      const inside = strides.reduce((at, stride, k) => at + stride * index[k]!, 0);
      y.data[inside + first * strides[axis]!] = x.data[i]!;
    });
    first += x.shape[axis]!;
  }
};

export const gather: ReferenceKernel<'gather'> = ({ x, indices }, { axis }, y) => {
  const [own, strides] = [x.shape[axis]!, stridesOf(x.shape)];
  eachIndex(y.shape, (index, i) => {
    const row = indices.data[index[axis]!]!;
    const at = strides.reduce((sum, s, k) => sum + s * (k === axis ? row : index[k]!), 0);
    y.data[i] = row >= 0 && row < own ? x.data[at]! : 0;
  });
};

export const scatterAdd: ReferenceKernel<'scatterAdd'> = ({ x, indices }, { axis, size }, y) => {
  const strides = stridesOf(y.shape);
  eachIndex(x.shape, (index, i) => {
    const row = indices.data[index[axis]!]!;
    const at = strides.reduce((sum, s, k) => sum + s * (k === axis ? row : index[k]!), 0);
    if (row >= 0 && row < size) y.data[at]! += x.data[i]!;
  });
};

export const oneHot: ReferenceKernel<'oneHot'> = ({ indices }, { classes }, y) =>
  eachLine([sizeOf(indices.shape), classes], 1, (start, _stride, line) => {
    const hot = indices.data[line]!;
    if (hot >= 0 && hot < classes) y.data[start + hot] = 1;
  });
