import type { ConvAttrs } from '../../../ops/conv2d.ts';
import type { Activation, Argument, Call, Kernel, KernelRequest, Operand } from '../kernel.ts';
import { call, floatOnly, operands } from './support.ts';

/** Codes of `activate` in assembly/simd-math.ts. */
export const activationCode: Readonly<Record<Activation, number>> = {
  none: 0,
  relu: 1,
  relu6: 2,
  sigmoid: 3,
  tanh: 4,
};

/** n, c, h, w, o, kh, kw, oh, ow, strides, top and left padding, dilations, groups. */
function geometry(
  x: readonly number[],
  kernel: readonly number[],
  y: readonly number[],
  { stride, padding, dilation, groups }: ConvAttrs,
): number[] {
  const [top, left] = padding;
  const [, o, oh, ow] = y as [number, number, number, number];
  return [...x, o, ...kernel, oh, ow, ...stride, top, left, ...dilation, groups];
}

/**
 * Whether Winograd's F(4×4, 3×3) applies and pays (Lavin and Gray 2016). It transforms the weights
 * anew at each run, so there must be pixels enough to share that, and channels enough to share the
 * transform of the pixels.
 */
function prefersWinograd(w: Operand, y: readonly number[], attrs: ConvAttrs): boolean {
  const { stride, padding, dilation, groups } = attrs;
  const [o, c, kh, kw] = w.shape as [number, number, number, number];
  const [n, , oh, ow] = y as [number, number, number, number];
  const units = [...stride, ...dilation, groups];
  const fits = kh === 3 && kw === 3 && units.every((unit) => unit === 1);
  const pays = Math.min(o, c) >= 16 && Math.min(oh, ow) >= 4 && n * oh * ow >= 256;
  return fits && padding.every((side) => side <= 2) && pays;
}

/** n, c, h, w, o, oh, ow, top and left padding. */
const winogradGeometry = (
  x: readonly number[],
  y: readonly number[],
  { padding: [top, left] }: ConvAttrs,
): number[] => [...x, ...y.slice(1), top, left];

/** Packs the weights, once if they stay the same, and returns the scratch that holds them. */
function pack(
  op: 'conv2d' | 'conv2dInputGrad',
  request: KernelRequest<unknown>,
  geometry: readonly number[],
) {
  const weight = operands(request)[1]!;
  const bytes = request.measure(`${op}Scratch`, ...geometry, request.threads);
  const scratch = weight.steady ? request.scratch(bytes, 'kept') : request.scratch(bytes);
  const packing: Call = {
    ...call(`${op}Pack`, weight, scratch, ...geometry),
    once: weight.steady,
  };
  return { packing, scratch };
}

export const conv2d: Kernel<'conv2d'> = (request) => {
  const [x, w] = operands(request);
  const y = request.outputs[0]!;
  const { tail, attrs, threads } = request;
  floatOnly('conv2d', x!, w!);
  const bias: Argument = tail?.bias?.place ?? 0;
  const residual: Argument = tail?.residual?.place ?? 0;
  const activation = activationCode[tail?.activation ?? 'none'];
  if (prefersWinograd(w!, y.shape, attrs)) {
    const shape = winogradGeometry(x!.shape, y.shape, attrs);
    const [o, c] = w!.shape as [number, number];
    const scratch = request.scratch(request.measure('conv2dWinogradScratch', c, o, threads));
    return [call('conv2dWinograd', x!, w!, bias, residual, y, scratch, ...shape, activation)];
  }
  const shape = geometry(x!.shape, w!.shape.slice(2), y.shape, attrs);
  const { packing, scratch } = pack('conv2d', request, shape);
  return [packing, call('conv2d', x!, w!, bias, residual, y, scratch, ...shape, activation)];
};

export const conv2dInputGrad: Kernel<'conv2dInputGrad'> = (request) => {
  const [dy, w] = operands(request);
  const dx = request.outputs[0]!;
  const { attrs, threads } = request;
  floatOnly('conv2dInputGrad', dy!, w!);
  if (prefersWinograd(w!, dx.shape, attrs)) {
    const shape = winogradGeometry(dx.shape, dy!.shape, attrs);
    const [o, c] = w!.shape as [number, number];
    const scratch = request.scratch(request.measure('conv2dWinogradScratch', o, c, threads));
    return [call('conv2dWinogradInputGrad', dy!, w!, dx, scratch, ...shape)];
  }
  const shape = geometry(dx.shape, w!.shape.slice(2), dy!.shape, attrs);
  const { packing, scratch } = pack('conv2dInputGrad', request, shape);
  return [packing, call('conv2dInputGrad', dy!, w!, dx, scratch, ...shape)];
};

export const conv2dWeightGrad: Kernel<'conv2dWeightGrad'> = (request) => {
  const [x, dy] = operands(request);
  const dw = request.outputs[0]!;
  floatOnly('conv2dWeightGrad', x!, dy!);
  const shape = geometry(x!.shape, request.attrs.kernel, dy!.shape, request.attrs);
  const scratch = request.scratch(
    request.measure('conv2dWeightGradScratch', ...shape, request.threads),
  );
  return [
    call('conv2dWeightGrad', x!, dy!, scratch, ...shape),
    call('conv2dWeightGradReduce', dw, scratch, ...shape),
  ];
};
