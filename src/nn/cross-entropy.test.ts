import { expect, test } from 'vitest';
import { interpret } from '../engines/reference/interpret.ts';
import { wasmEngine } from '../engines/wasm/index.ts';
import { buildProgram, gradients, input, optimize, type Program } from '../graph/index.ts';
import { type CrossEntropyOptions, crossEntropy } from './losses.ts';

const I = Number.NEGATIVE_INFINITY;

function programOf(classes: number, options: CrossEntropyOptions = {}): Program {
  const x = input('x', [3, classes]);
  const loss = crossEntropy(x, input('y', [3], 'int32'), options);
  const [dx] = gradients(loss, [x]);
  return buildProgram(optimize({ outputs: { loss, dx: dx! }, updates: [] }));
}

const possible = { x: [1, 2, 0, 1, -1, 3], y: [0, 1, 1] };
/** The same with a third class that cannot be. */
const masked = { x: [1, 2, I, 0, 1, I, -1, 3, I], y: [0, 1, 1] };

test('an impossible class changes neither the loss nor the gradient of the others', async () => {
  const want = interpret(programOf(2), possible).outputs;
  const check = (loss: ArrayLike<number>, dx: ArrayLike<number>, digits: number) => {
    expect(loss[0]).toBeCloseTo(want.loss![0]!, digits);
    for (let row = 0; row < 3; row++) {
      expect(dx[3 * row]).toBeCloseTo(want.dx![2 * row]!, digits);
      expect(dx[3 * row + 1]).toBeCloseTo(want.dx![2 * row + 1]!, digits);
      expect(Math.abs(dx[3 * row + 2]!)).toBe(0);
    }
  };
  const program = programOf(3);
  const got = interpret(program, masked).outputs;
  check(got.loss!, got.dx!, 12);

  await using engine = await wasmEngine({ threads: 1 });
  await using variables = await engine.createVariables([], {});
  await using executable = await engine.compile(program, variables);
  const feeds = { x: Float32Array.from(masked.x), y: Int32Array.from(masked.y) };
  const onWasm = await executable.run(feeds);
  check(onWasm.loss!, onWasm.dx!, 6);
});

test('an impossible class costs without end where it is the right one, or has a share of it', () => {
  const lossOf = (y: readonly number[], options?: CrossEntropyOptions) =>
    interpret(programOf(3, options), { x: masked.x, y }).outputs.loss![0];
  expect(lossOf([0, 2, 1])).toBe(Number.POSITIVE_INFINITY);
  expect(lossOf([0, 1, 1], { labelSmoothing: 0.1 })).toBe(Number.POSITIVE_INFINITY);
  expect(lossOf([0, -100, 1])).toBeLessThan(2);
});
