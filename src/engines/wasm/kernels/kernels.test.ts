import { describe, expect, it } from 'vitest';
import { EngineError, type TensorType } from '../../../graph/index.ts';
import type { Call, Kernel, KernelRequest, Operand } from '../kernel.ts';
import { kernels } from './index.ts';

const operand = (type: TensorType): Operand => ({
  ...type,
  place: { of: Symbol('place'), offset: 0 },
  steady: false,
});

/** The calls of a kernel for operands of the given types. */
function callsOf(op: keyof typeof kernels, attrs: object, inputs: TensorType[], y: TensorType) {
  const request: KernelRequest<object> = {
    attrs,
    inputs: inputs.map(operand),
    outputs: [operand(y)],
    tail: undefined,
    threads: 1,
    scratch: () => ({ of: Symbol('scratch'), offset: 0 }),
    table: () => ({ of: Symbol('table'), offset: 0 }),
    measure: () => 64,
  };
  return (kernels[op] as Kernel<never>)(request as KernelRequest<never>) as readonly Call[];
}

describe('element types', () => {
  const half: TensorType = { shape: [4], dtype: 'bfloat16' };
  const bytes: TensorType = { shape: [4], dtype: 'uint8' };
  const numbers: TensorType = { shape: [4], dtype: 'int32' };

  it('are refused by op and type when there is no kernel', () => {
    expect(() => callsOf('relu', {}, [half], half)).toThrow(EngineError);
    expect(() => callsOf('relu', {}, [half], half)).toThrow(/^relu: .*bfloat16/);
    expect(() => callsOf('sum', { axes: [0] }, [bytes], bytes)).toThrow(/^sum: .*uint8/);
    expect(() => callsOf('reshape', { shape: [4] }, [half], half)).toThrow(/^reshape: .*bfloat16/);
    expect(() => callsOf('div', {}, [numbers, numbers], numbers)).toThrow(/^div: .*int32/);
  });

  it('choose the function', () => {
    expect(callsOf('add', {}, [numbers, numbers], numbers)[0]!.name).toBe('addI32');
    expect(callsOf('equal', {}, [bytes, bytes], bytes)[0]!.name).toBe('equalU8');
  });
});

describe('sum', () => {
  const sum = (shape: number[], axes: number[], to: number[]) =>
    callsOf('sum', { axes }, [{ shape, dtype: 'float32' }], { shape: to, dtype: 'float32' }).map(
      ({ name }) => name,
    );

  it('takes rows, columns and both in the fewest passes', () => {
    expect(sum([8, 5], [1], [8])).toEqual(['sumRowsF32']);
    expect(sum([8, 5], [0], [5])).toEqual(['sumColumnsF32']);
    expect(sum([8, 6, 4, 4], [0, 2, 3], [6])).toEqual(['sumRowsF32', 'sumColumnsF32']);
  });

  it('cuts long sums so that all threads help', () => {
    expect(sum([1_000_000], [0], [])).toEqual(['sumRowsF32', 'sumRowsF32']);
  });
});
