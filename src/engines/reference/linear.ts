import { sizeOf } from '../../graph/index.ts';
import type { ReferenceKernel } from './kernel.ts';
import { broadcastOffsets } from './value.ts';

export const matmul: ReferenceKernel<'matmul'> = ({ a, b }, { transposeA, transposeB }, y) => {
  const [m, n] = y.shape.slice(-2) as [number, number];
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const batch = y.shape.slice(0, -2);
  const ofA = broadcastOffsets(a.shape.slice(0, -2), batch);
  const ofB = broadcastOffsets(b.shape.slice(0, -2), batch);
  for (let matrix = 0; matrix < sizeOf(batch); matrix++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let total = 0;
        for (let l = 0; l < k; l++) {
          const left = ofA[matrix]! * m * k + (transposeA ? l * m + i : i * k + l);
          const right = ofB[matrix]! * k * n + (transposeB ? j * k + l : l * n + j);
          total += a.data[left]! * b.data[right]!;
        }
        y.data[(matrix * m + i) * n + j] = total;
      }
    }
  }
};

export const addN: ReferenceKernel<'addN'> = ({ xs }, _attrs, y) => {
  for (const x of xs) {
    for (let i = 0; i < y.data.length; i++) y.data[i]! += x.data[i]!;
  }
};
