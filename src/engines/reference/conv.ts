import { type Shape, stridesOf } from '../../graph/index.ts';
import type { ConvAttrs } from '../../ops/conv2d.ts';
import type { ReferenceKernel } from './kernel.ts';

/** Visits every product of a convolution as offsets into x, w and y: it links y to x times w. */
function eachProduct(
  x: Shape,
  w: Shape,
  y: Shape,
  { stride, padding, dilation, groups }: ConvAttrs,
  visit: (xi: number, wi: number, yi: number) => void,
) {
  const [n, o, rows, columns] = y as [number, number, number, number];
  const [, c, kh, kw] = w as [number, number, number, number];
  const [xn, xc, xh] = stridesOf(x) as [number, number, number];
  let yi = 0;
  for (let image = 0; image < n; image++) {
    for (let out = 0; out < o; out++) {
      const firstChannel = Math.floor(out / (o / groups)) * c;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, yi++) {
          let wi = out * c * kh * kw;
          for (let channel = 0; channel < c; channel++) {
            for (let ky = 0; ky < kh; ky++) {
              for (let kx = 0; kx < kw; kx++, wi++) {
                const h = row * stride[0] + ky * dilation[0] - padding[0];
                const v = column * stride[1] + kx * dilation[1] - padding[1];
                if (h < 0 || h >= x[2]! || v < 0 || v >= x[3]!) continue;
                visit(image * xn + (firstChannel + channel) * xc + h * xh + v, wi, yi);
              }
            }
          }
        }
      }
    }
  }
}

export const conv2d: ReferenceKernel<'conv2d'> = ({ x, w }, attrs, y) =>
  eachProduct(x.shape, w.shape, y.shape, attrs, (xi, wi, yi) => {
    y.data[yi]! += x.data[xi]! * w.data[wi]!;
  });

export const conv2dInputGrad: ReferenceKernel<'conv2dInputGrad'> = ({ dy, w }, attrs, dx) =>
  eachProduct(dx.shape, w.shape, dy.shape, attrs, (xi, wi, yi) => {
    dx.data[xi]! += dy.data[yi]! * w.data[wi]!;
  });

export const conv2dWeightGrad: ReferenceKernel<'conv2dWeightGrad'> = ({ x, dy }, attrs, dw) =>
  eachProduct(x.shape, dw.shape, dy.shape, attrs, (xi, wi, yi) => {
    dw.data[wi]! += x.data[xi]! * dy.data[yi]!;
  });
