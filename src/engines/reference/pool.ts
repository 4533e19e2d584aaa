import type { Shape } from '../../graph/index.ts';
import type { PoolAttrs } from '../../ops/pool.ts';
import type { ReferenceKernel } from './kernel.ts';

interface WindowCells {
  /** Offsets into x of the cells inside the image, row by row. */
  readonly cells: readonly number[];
  /** Where in the window each of them is, row by row. */
  readonly places: readonly number[];
  /** Cells inside the image or its padding. */
  readonly padded: number;
}

/** Visits the window of every output element of a pooling from shape x to shape y. */
function eachWindow(
  x: Shape,
  y: Shape,
  { kernel, stride, padding }: PoolAttrs,
  visit: (yi: number, window: WindowCells) => void,
) {
  const [planes, rows, columns] = [y[0]! * y[1]!, y[2]!, y[3]!];
  const [h, w] = [x[2]!, x[3]!];
  let yi = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, yi++) {
        const cells: number[] = [];
        const places: number[] = [];
        let padded = 0;
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const top = row * stride[0] + ky - padding[0];
            const left = column * stride[1] + kx - padding[1];
            if (top < h + padding[2] && left < w + padding[3]) padded++;
            if (top < 0 || top >= h || left < 0 || left >= w) continue;
            cells.push((plane * h + top) * w + left);
            places.push(ky * kernel[1] + kx);
          }
        }
        visit(yi, { cells, places, padded });
      }
    }
  }
}

export const maxPool2dWithIndex: ReferenceKernel<'maxPool2dWithIndex'> = (
  { x },
  attrs,
  { y, index },
) =>
  eachWindow(x.shape, y.shape, attrs, (yi, { cells, places }) => {
    y.data[yi] = Number.NEGATIVE_INFINITY;
    index.data[yi] = places[0]!;
    cells.forEach((cell, i) => {
      const value = x.data[cell]!;
      if (value > y.data[yi]! || Number.isNaN(value)) {
        y.data[yi] = value;
        index.data[yi] = places[i]!;
      }
    });
  });

export const maxPool2dGrad: ReferenceKernel<'maxPool2dGrad'> = ({ dy, index }, attrs, dx) =>
  eachWindow(dx.shape, dy.shape, attrs, (yi, { cells, places }) => {
    const cell = cells[places.indexOf(index.data[yi]!)];
    if (cell !== undefined) dx.data[cell]! += dy.data[yi]!;
  });

export const avgPool2d: ReferenceKernel<'avgPool2d'> = ({ x }, attrs, y) =>
  eachWindow(x.shape, y.shape, attrs, (yi, { cells, padded }) => {
    const total = cells.reduce((sum, cell) => sum + x.data[cell]!, 0);
    y.data[yi] = total / (attrs.countIncludePad ? padded : cells.length);
  });

export const avgPool2dGrad: ReferenceKernel<'avgPool2dGrad'> = ({ dy }, attrs, dx) =>
  eachWindow(dx.shape, dy.shape, attrs, (yi, { cells, padded }) => {
    const share = dy.data[yi]! / (attrs.countIncludePad ? padded : cells.length);
    for (const cell of cells) dx.data[cell]! += share;
  });
