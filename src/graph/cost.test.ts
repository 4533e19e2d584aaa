import { expect, test } from 'vitest';
import { conv2d, matmul, mul, relu, reshape } from '../ops/index.ts';
import { instructionCost, programCost } from './cost.ts';
import { input, variable } from './leaves.ts';
import { buildProgram } from './program.ts';

const weight = (name: string, shape: readonly number[]) =>
  variable(shape, { name, trainable: false, initial: 0 });

test('an instruction costs its arithmetic, and every operand once', () => {
  const a = input('a', [2, 3]);
  const program = buildProgram({ outputs: { y: matmul(a, weight('b', [3, 5])) }, updates: [] });
  const [product] = program.instructions;
  expect(instructionCost(program, product!)).toEqual({
    flops: 2 * 2 * 3 * 5,
    bytes: 4 * (2 * 3 + 3 * 5 + 2 * 5),
  });
});

test('bytes count element types and the optional inputs that are there', () => {
  const x = input('x', [1, 2, 4, 4], 'bfloat16');
  const y = conv2d(x, input('w', [3, 2, 3, 3], 'bfloat16'), { padding: 1 });
  const program = buildProgram({ outputs: { y }, updates: [] });
  const { flops, bytes } = programCost(program);
  expect(flops).toBe(2 * (3 * 16) * (2 * 9));
  expect(bytes).toBe(2 * (2 * 16 + 3 * 2 * 9 + 3 * 16));
});

test('a program costs what runs every time: hoisted instructions do not', () => {
  const x = input('x', [4, 6]);
  const scaled = mul(weight('w', [6, 2]), 3);
  const y = relu(matmul(x, scaled));
  const program = buildProgram({ outputs: { y: reshape(y, { shape: [8] }) }, updates: [] });
  const hoisted = program.instructions.filter((instruction) => instruction.hoisted);
  expect(hoisted.map(({ op }) => op)).toEqual(['mul']);
  const costs = program.instructions
    .filter((instruction) => !instruction.hoisted)
    .map((instruction) => instructionCost(program, instruction));
  expect(programCost(program)).toEqual({
    flops: costs.reduce((sum, { flops }) => sum + flops, 0),
    bytes: costs.reduce((sum, { bytes }) => sum + bytes, 0),
  });
  expect(programCost(program).flops).toBe(2 * 4 * 6 * 2 + 4 * 2);
});

test('an empty program costs nothing', () => {
  const x = input('x', [3]);
  expect(programCost(buildProgram({ outputs: { x }, updates: [] }))).toEqual({
    flops: 0,
    bytes: 0,
  });
});
