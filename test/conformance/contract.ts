import { describe, expect, test } from 'vitest';
import type { Arrays, Engine, Executable } from '../../src/engines/engine.ts';
import {
  buildProgram,
  constant,
  input,
  type Lowered,
  type Program,
  variable,
} from '../../src/graph/index.ts';
import { add, argmax, cast, equal, exp, mul } from '../../src/ops/index.ts';

const state = (name: string, shape: readonly number[], dtype: 'float32' | 'int32' = 'float32') =>
  variable(shape, { name, trainable: false, initial: 0 }, dtype);

/** What `Engine` promises apart from the numbers of ops. */
export function contract(engineOf: () => Engine): void {
  const open = async (graph: Lowered, initial: Arrays = {}) => {
    const program = buildProgram(graph);
    const types = program.variables.map(({ name, id }) => ({ name, ...program.types[id]! }));
    const variables = await engineOf().createVariables(types, initial);
    const executable = await engineOf().compile(program, variables);
    const close = async () => {
      await executable[Symbol.asyncDispose]();
      await variables[Symbol.asyncDispose]();
    };
    return { executable, variables, [Symbol.asyncDispose]: close };
  };
  const numbers = (array: ArrayLike<number> | undefined) => Array.from(array ?? []);

  describe('contract', () => {
    test('updates are computed from the old values', async () => {
      const [a, b] = [state('a', [2]), state('b', [2])];
      const graph = {
        outputs: { total: add(a, b) },
        updates: [
          { variable: a, value: b },
          { variable: b, value: a },
        ],
      };
      await using opened = await open(graph, {
        a: Float32Array.of(1, 2),
        b: Float32Array.of(3, 4),
      });
      const { total } = await opened.executable.run({});
      expect(numbers(total)).toEqual([4, 6]);
      const { a: newA, b: newB } = await opened.variables.read();
      expect([numbers(newA), numbers(newB)]).toEqual([
        [3, 4],
        [1, 2],
      ]);
    });

    test('runs follow one another in call order', async () => {
      const count = state('count', [], 'int32');
      const graph = {
        outputs: { now: add(count, 0) },
        updates: [{ variable: count, value: add(count, 1) }],
      };
      await using opened = await open(graph, { count: Int32Array.of(5) });
      const results = await Promise.all([1, 2, 3].map(() => opened.executable.run({})));
      expect(results.map(({ now }) => numbers(now))).toEqual([[5], [6], [7]]);
      expect((await opened.variables.read(['count'])).count).toEqual(Int32Array.of(8));
    });

    test('what depends on variables only is computed again after a write', async () => {
      const [x, w] = [input('x', [2]), state('w', [2])];
      const graph = { outputs: { y: add(x, mul(w, 2)) }, updates: [] };
      await using opened = await open(graph, { w: Float32Array.of(1, 2) });
      const feeds = { x: Float32Array.of(10, 20) };
      expect(numbers((await opened.executable.run(feeds)).y)).toEqual([12, 24]);
      await opened.variables.write({ w: Float32Array.of(5, 6) });
      expect(numbers((await opened.executable.run(feeds)).y)).toEqual([20, 32]);
    });

    test('what depends on variables only is computed again after another program changed them', async () => {
      const [x, w] = [input('x', [2]), state('w', [2])];
      const reading = { outputs: { y: add(x, mul(w, 2)) }, updates: [] };
      const changing = buildProgram({ outputs: {}, updates: [{ variable: w, value: add(w, 1) }] });
      await using opened = await open(reading, { w: Float32Array.of(1, 2) });
      await using change = await engineOf().compile(changing, opened.variables);
      const feeds = { x: Float32Array.of(10, 20) };
      expect(numbers((await opened.executable.run(feeds)).y)).toEqual([12, 24]);
      await change.run({});
      expect(numbers((await opened.executable.run(feeds)).y)).toEqual([14, 26]);
    });

    test('a program with nothing left to compute may run between others', async () => {
      const steady = exp(constant(Float32Array.of(1, 2)));
      await using idle = await open({ outputs: { steady }, updates: [] });
      const x = input('x', [99]);
      await using busy = await open({ outputs: { y: mul(exp(mul(x, 2)), 2) }, updates: [] });
      for (let run = 0; run < 100; run++) {
        await idle.executable.run({});
        const feed = Float32Array.from({ length: 99 }, (_, i) => (i + run) / 200);
        const { y } = await busy.executable.run({ x: feed });
        y!.forEach((value, i) => {
          expect(value).toBeCloseTo(2 * Math.exp(2 * feed[i]!), 3);
        });
      }
    });

    test('inputs, variables and constants may be outputs themselves', async () => {
      const [x, w] = [input('x', [2]), state('w', [3])];
      const c = constant(Float32Array.of(7, 8));
      const graph = { outputs: { x, again: x, w, c, filled: constant(0.5, [2]) }, updates: [] };
      await using opened = await open(graph, { w: Float32Array.of(1, 2, 3) });
      const got = await opened.executable.run({ x: Float32Array.of(4, 5) });
      expect(Object.fromEntries(Object.entries(got).map(([k, v]) => [k, numbers(v)]))).toEqual({
        x: [4, 5],
        again: [4, 5],
        w: [1, 2, 3],
        c: [7, 8],
        filled: [0.5, 0.5],
      });
    });

    test('outputs have the array type of their dtype, and belong to the caller', async () => {
      const x = input('x', [4]);
      const bytes = input('bytes', [2], 'uint8');
      const graph = {
        outputs: {
          float: add(x, 1),
          index: argmax(x),
          flag: equal(x, x),
          bytes,
          wide: cast(bytes, { dtype: 'int32' }),
        },
        updates: [],
      };
      await using opened = await open(graph);
      const feeds = { x: Float32Array.of(1, 9, 3, 4), bytes: Uint8Array.of(3, 250) };
      const first = await opened.executable.run(feeds);
      expect(first).toEqual({
        float: Float32Array.of(2, 10, 4, 5),
        index: Int32Array.of(1),
        flag: Uint8Array.of(1, 1, 1, 1),
        bytes: Uint8Array.of(3, 250),
        wide: Int32Array.of(3, 250),
      });
      first.float!.fill(0);
      expect(numbers((await opened.executable.run(feeds)).float)).toEqual([2, 10, 4, 5]);
      expect(numbers(feeds.x)).toEqual([1, 9, 3, 4]);
    });

    test('wrong feeds are refused by name, and the next run works', async () => {
      const graph = { outputs: { y: add(input('image', [2]), 1) }, updates: [] };
      await using opened = await open(graph);
      const run: Executable['run'] = (feeds) => opened.executable.run(feeds);
      await expect(run({})).rejects.toThrow('image');
      await expect(run({ image: Float32Array.of(1, 2, 3) })).rejects.toThrow('image');
      expect(numbers((await run({ image: Float32Array.of(1, 2) })).y)).toEqual([2, 3]);
    });

    test('variables of the wrong length or unknown name are refused by name', async () => {
      const types = [{ name: 'w', shape: [2], dtype: 'float32' as const }];
      await expect(engineOf().createVariables(types, {})).rejects.toThrow('w');
      await using variables = await engineOf().createVariables(types, { w: Float32Array.of(1, 2) });
      await expect(variables.write({ w: Float32Array.of(1) })).rejects.toThrow('w');
      await expect(variables.write({ unheardOf: Float32Array.of(1) })).rejects.toThrow('unheardOf');
      await expect(variables.read(['unheardOf'])).rejects.toThrow('unheardOf');
      expect(numbers((await variables.read()).w)).toEqual([1, 2]);
    });

    test('an op without a kernel is refused when compiling, by name', async () => {
      const program = buildProgram({ outputs: { y: add(input('x', [2]), 1) }, updates: [] });
      const strange: Program = {
        ...program,
        instructions: program.instructions.map((instruction) => ({
          ...instruction,
          op: 'frobnicate',
        })),
      };
      await using variables = await engineOf().createVariables([], {});
      await expect(engineOf().compile(strange, variables)).rejects.toThrow('frobnicate');
    });

    test('explains itself: every instruction is covered by a step', async () => {
      const x = input('x', [8]);
      const graph = { outputs: { y: mul(add(x, 1), add(x, 2)) }, updates: [] };
      await using opened = await open(graph);
      const { steps, arenaBytes } = opened.executable.explain;
      expect(steps.flatMap(({ ops }) => ops).sort()).toEqual(['add', 'add', 'mul']);
      expect(arenaBytes).toBeGreaterThanOrEqual(0);
    });
  });
}
