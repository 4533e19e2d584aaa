import type { Call, Kernel } from '../kernel.ts';
import { broadcastCall } from './broadcast.ts';
import { copyAll } from './copy.ts';
import {
  type AnyRequest,
  call,
  count,
  elementBytes,
  floatOnly,
  only,
  operands,
  suffix,
  suffixOf,
} from './support.ts';

type AnyKernel = (request: AnyRequest) => readonly Call[];

/** A function of one float32 tensor. */
const unary =
  (op: string): AnyKernel =>
  ({ inputs, outputs }) => {
    const [x] = inputs;
    floatOnly(op, x!);
    return [call(`${op}F32`, x!, outputs[0]!, count(x!))];
  };

const unaryOrInt =
  (op: string): AnyKernel =>
  ({ inputs, outputs }) => {
    const [x] = inputs;
    return [call(`${op}${suffixOf(op, x!, ['float32', 'int32'])}`, x!, outputs[0]!, count(x!))];
  };

/** dx from (saved, dy). */
const adjoint =
  (op: string): AnyKernel =>
  ({ inputs, outputs }) => {
    const [saved, dy] = inputs;
    floatOnly(op, saved!, dy!);
    return [call(`${op}F32`, saved!, dy!, outputs[0]!, count(dy!))];
  };

const binary =
  (op: string, dtypes: readonly (keyof typeof suffix)[]): AnyKernel =>
  (request) => {
    const [y] = request.outputs;
    const inputs = operands(request);
    const name = `${op}${suffixOf(op, inputs[0]!, dtypes)}`;
    return broadcastCall(op, name, inputs, y!, request.scratch);
  };

const numbers = ['float32', 'int32'] as const;
const comparable = ['float32', 'int32', 'uint8', 'bool'] as const;

export const add = binary('add', numbers);
export const sub = binary('sub', numbers);
export const mul = binary('mul', numbers);
export const div = binary('div', ['float32']);
export const maximum = binary('maximum', numbers);
export const minimum = binary('minimum', numbers);
export const equal = binary('equal', comparable);
export const less = binary('less', comparable);
export const lessEqual = binary('lessEqual', comparable);
export const greater = binary('greater', comparable);
export const greaterEqual = binary('greaterEqual', comparable);
export const lerp = binary('lerp', ['float32']);

export const select: Kernel<'select'> = (request) => {
  const inputs = operands(request);
  const [y] = request.outputs;
  only('select', comparable, y!);
  return broadcastCall('select', `select${8 * elementBytes(y!)}`, inputs, y!, request.scratch);
};

export const neg = unaryOrInt('neg');
export const abs = unaryOrInt('abs');
export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const rsqrt = unary('rsqrt');
export const relu = unary('relu');
export const relu6 = unary('relu6');
export const sigmoid = unary('sigmoid');
export const tanh = unary('tanh');
export const gelu = unary('gelu');
export const silu = unary('silu');
export const hardswish = unary('hardswish');
export const reluGrad = adjoint('reluGrad');
export const relu6Grad = adjoint('relu6Grad');
export const sigmoidGrad = adjoint('sigmoidGrad');
export const tanhGrad = adjoint('tanhGrad');
export const geluGrad = adjoint('geluGrad');
export const siluGrad = adjoint('siluGrad');
export const hardswishGrad = adjoint('hardswishGrad');

export const leakyRelu: Kernel<'leakyRelu'> = (request) => [
  withParameter(unary('leakyRelu')(request), request.attrs.slope),
];
export const leakyReluGrad: Kernel<'leakyReluGrad'> = (request) => [
  withParameter(adjoint('leakyReluGrad')(request), request.attrs.slope),
];
export const elu: Kernel<'elu'> = (request) => [
  withParameter(unary('elu')(request), request.attrs.alpha),
];
export const eluGrad: Kernel<'eluGrad'> = (request) => [
  withParameter(adjoint('eluGrad')(request), request.attrs.alpha),
];

const withParameter = ([first]: readonly Call[], parameter: number): Call => ({
  name: first!.name,
  args: [...first!.args, parameter],
});

/** Exponents that have a function of their own. */
const powers: ReadonlyMap<number, string> = new Map([
  [2, 'square'],
  [0.5, 'sqrt'],
  [-0.5, 'rsqrt'],
]);

export const pow: Kernel<'pow'> = (request) => {
  const { exponent } = request.attrs;
  const name = powers.get(exponent);
  if (name !== undefined) return unary(name)(request);
  const [x] = operands(request);
  floatOnly('pow', x!);
  // Decides the sign of powers of negative numbers: a fraction (none), odd, even.
  const kind = !Number.isInteger(exponent) ? 0 : exponent % 2 === 0 ? 2 : 1;
  return [call('powF32', x!, request.outputs[0]!, count(x!), exponent, kind)];
};

export const cast: Kernel<'cast'> = ({ inputs, outputs }) => {
  const [x] = inputs;
  const [y] = outputs;
  only('cast', comparable, x!, y!);
  const from = suffix[x!.dtype as keyof typeof suffix];
  const to = y!.dtype === 'bool' ? 'Bool' : suffix[y!.dtype as keyof typeof suffix];
  if (x!.dtype === y!.dtype || (x!.dtype === 'bool' && y!.dtype === 'uint8')) {
    return copyAll('cast', x!, y!.place);
  }
  return [call(`cast${from}${to}`, x!, y!, count(x!))];
};

/** Operands that one call adds up. */
const ADDENDS = 4;

export const addN: Kernel<'addN'> = (request) => {
  const xs = operands(request);
  const y = request.outputs[0]!;
  const [first] = xs;
  if (xs.length === 1) return copyAll('addN', first!, y.place);
  if (suffixOf('addN', first!, numbers) === 'I32') {
    return xs
      .slice(1)
      .flatMap((x, i) =>
        broadcastCall('addN', 'addI32', [i === 0 ? first! : y, x], y, request.scratch),
      );
  }
  const calls: Call[] = [];
  for (let at = 0; at < xs.length; ) {
    const group = at === 0 ? xs.slice(0, ADDENDS) : [y, ...xs.slice(at, at + ADDENDS - 1)];
    at += at === 0 ? group.length : group.length - 1;
    const places = Array.from({ length: ADDENDS }, (_, i) => group[i] ?? 0);
    calls.push(call('addFourF32', ...places, y, count(y)));
  }
  return calls;
};
