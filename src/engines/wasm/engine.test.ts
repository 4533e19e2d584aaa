import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  buildProgram,
  constant,
  EngineError,
  gradients,
  input,
  type NumberArray,
  optimize,
  type Program,
  randomStream,
  scoped,
  sizeOf,
  type Tensor,
  variable,
} from '../../graph/index.ts';
import * as ops from '../../ops/index.ts';
import type { Arrays, Engine } from '../engine.ts';
import { referenceEngine } from '../reference/engine.ts';
import { createEngine } from './engine.ts';
import { type WasmEngine, wasmEngine } from './index.ts';
import { kernels } from './kernels/index.ts';

const weight = (shape: readonly number[], name: string) =>
  variable(shape, { name, trainable: true, initial: 0 });

const numbers = (shape: readonly number[], seed: number): Float32Array => {
  const uniform = randomStream([seed, 0], 0);
  return Float32Array.from({ length: sizeOf(shape) }, () => uniform() * 2 - 1);
};

const typesOf = ({ variables, types }: Program) =>
  variables.map(({ name, id }) => ({ name, ...types[id]! }));

const valuesOf = (program: Program, seed = 1): Arrays =>
  Object.fromEntries(
    typesOf(program).map(({ name, shape, dtype }) => [
      name,
      dtype === 'int32' ? Int32Array.of(0) : numbers(shape, seed++),
    ]),
  );

function expectClose(got: NumberArray, wanted: NumberArray): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i]!, 4);
}

async function prepare(engine: Engine, program: Program) {
  const variables = await engine.createVariables(typesOf(program), valuesOf(program));
  return { variables, executable: await engine.compile(program, variables) };
}

/** One step of training for a convolution, a dense layer and a scalar loss. */
function trainingStep(batch: number): Program {
  const x = input('x', [batch, 2, 8, 8]);
  const [w1, b1] = [weight([4, 2, 3, 3], 'w1'), weight([4], 'b1')];
  const [w2, b2] = [weight([5, 64], 'w2'), weight([5], 'b2')];
  const velocity = weight([5, 64], 'velocity');
  const step = variable([], { name: 'step', trainable: false, initial: 0 }, 'int32');
  const biased = ops.add(ops.conv2d(x, w1, { padding: 1 }), ops.reshape(b1, { shape: [4, 1, 1] }));
  const h = ops.flatten(ops.maxPool2d(ops.relu(biased), { kernel: 2 }));
  const y = ops.tanh(ops.add(ops.matmul(h, w2, { transposeB: true }), b2));
  const loss = ops.mean(ops.mul(y, y));
  const [dw1, db1, dw2, db2] = gradients(loss, [w1, b1, w2, b2]) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const lr = constant(0.1);
  const moved = ops.momentumUpdate(w2, dw2, velocity, lr, step, { momentum: 0.9 });
  const graph = optimize({
    outputs: { loss },
    updates: [
      { variable: w1, value: ops.sgdUpdate(w1, dw1, lr) },
      { variable: b1, value: ops.sgdUpdate(b1, db1, lr) },
      { variable: w2, value: moved.param },
      { variable: velocity, value: moved.velocity },
      { variable: b2, value: ops.sgdUpdate(b2, db2, lr) },
      { variable: step, value: ops.add(step, 1) },
    ],
  });
  return buildProgram(graph);
}

/** Losses and final variables of some steps. */
async function train(engine: Engine, program: Program, steps: number) {
  const { variables, executable } = await prepare(engine, program);
  const losses: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { loss } = await executable.run({
      x: numbers(program.types[program.inputs[0]!.id]!.shape, i),
    });
    losses.push(loss![0]!);
  }
  const values = await variables.read();
  await executable[Symbol.asyncDispose]();
  await variables[Symbol.asyncDispose]();
  return { losses, values };
}

describe('wasmEngine', () => {
  let engine: WasmEngine;
  beforeAll(async () => {
    engine = await wasmEngine({ threads: 2 });
  });
  afterAll(() => engine[Symbol.asyncDispose]());
  afterEach(() => {
    vi.unstubAllGlobals();
    expect(engine.memory.used).toBe(0);
  });

  it('trains as the reference does', async () => {
    const program = trainingStep(3);
    const [got, wanted] = await Promise.all([
      train(engine, program, 5),
      train(referenceEngine(), program, 5),
    ]);
    expectClose(Float32Array.from(got.losses), Float32Array.from(wanted.losses));
    for (const [name, array] of Object.entries(wanted.values)) {
      expectClose(got.values[name]!, array);
    }
    expect(got.values.step).toEqual(Int32Array.of(5));
  });

  it('gives the same bits for any number of threads', async () => {
    const program = trainingStep(16);
    const results = [];
    for (const threads of [1, 3]) {
      await using other = await wasmEngine({ threads });
      results.push(await train(other, program, 3));
    }
    results.push(await train(engine, program, 3));
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it('works in a worker alone where memory cannot be shared', async () => {
    const program = trainingStep(4);
    const wanted = await train(engine, program, 3);
    vi.stubGlobal('SharedArrayBuffer', undefined);
    await using alone = await wasmEngine({ threads: 2 });
    expect(alone.description).toContain('1 thread (the page is not cross-origin isolated)');
    expect(await train(alone, program, 3)).toEqual(wanted);
  });

  it('says what it is', async () => {
    expect(engine.description).toMatch(/^wasm: 2 threads, (relaxed )?SIMD$/);
    await using plain = await wasmEngine({ threads: 1, relaxed: false });
    expect(plain.description).toBe('wasm: 1 thread, SIMD');
    await expect(wasmEngine({ threads: 0 })).rejects.toThrow('threads must be 1 to 16 (it is 0)');
  });

  it('shares variables among executables, whichever runs', async () => {
    const [small, large] = [trainingStep(2), trainingStep(32)];
    const { variables, executable: first } = await prepare(engine, small);
    const second = await engine.compile(large, variables);
    const reference = referenceEngine();
    const expected = await reference.createVariables(typesOf(small), valuesOf(small));
    const [a, b] = [
      await reference.compile(small, expected),
      await reference.compile(large, expected),
    ];
    for (let i = 0; i < 3; i++) {
      const feeds = [2, 32].map((batch) => ({ x: numbers([batch, 2, 8, 8], i) }));
      // Not awaited one by one: runs are carried out in call order.
      const [x, y] = await Promise.all([first.run(feeds[0]!), second.run(feeds[1]!)]);
      expect(x!.loss![0]).toBeCloseTo((await a.run(feeds[0]!)).loss![0]!, 4);
      expect(y!.loss![0]).toBeCloseTo((await b.run(feeds[1]!)).loss![0]!, 4);
    }
    await second[Symbol.asyncDispose]();
    expect((await first.run({ x: numbers([2, 2, 8, 8], 9) })).loss![0]).toBeCloseTo(
      (await a.run({ x: numbers([2, 2, 8, 8], 9) })).loss![0]!,
      4,
    );
    await first[Symbol.asyncDispose]();
    await variables[Symbol.asyncDispose]();
  });

  it('computes again what depends on variables, when they have changed', async () => {
    const w = weight([3, 2, 1, 1], 'w');
    const x = input('x', [1, 2, 4, 4]);
    const infer = buildProgram({ outputs: { y: ops.conv2d(x, ops.mul(w, w)) }, updates: [] });
    const change = buildProgram({ outputs: {}, updates: [{ variable: w, value: ops.add(w, 1) }] });
    const { variables, executable } = await prepare(engine, infer);
    const changing = await engine.compile(change, variables);
    expect(infer.instructions.map(({ hoisted }) => hoisted)).toEqual([true, false]);
    const feeds = { x: new Float32Array(32).fill(1) };
    const firstOf = async () => (await executable.run(feeds)).y![0];
    await variables.write({ w: new Float32Array(6).fill(1) });
    expect(await firstOf()).toBe(2);
    expect(await firstOf()).toBe(2);
    await changing.run({});
    expect(await firstOf()).toBe(8);
    await variables.write({ w: new Float32Array(6).fill(3) });
    expect(await firstOf()).toBe(18);
    for (const it of [changing, executable, variables]) await it[Symbol.asyncDispose]();
  });

  it('runs programs that have nothing to compute between others', async () => {
    const [w, x, big] = [weight([6], 'w'), input('x', [2, 3]), input('big', [64, 1024])];
    const views = buildProgram({ outputs: { y: ops.reshape(x, { shape: [6] }) }, updates: [] });
    const once = buildProgram({ outputs: { y: ops.neg(w) }, updates: [] });
    const { variables, executable } = await prepare(engine, once);
    const view = await engine.compile(views, variables);
    const work = buildProgram({ outputs: { y: ops.neg(big) }, updates: [] });
    const working = await engine.compile(work, variables);
    const [few, many] = [numbers([6], 1), numbers([64, 1024], 2)];
    for (let i = 0; i < 100; i++) {
      expect((await view.run({ x: few })).y).toEqual(few);
      expect((await executable.run({})).y).toEqual(few.map((value) => -value));
      // Comparing so many numbers by toEqual takes longer than everything else.
      const { y } = await working.run({ big: many });
      expect(many.every((value, at) => y![at] === -value)).toBe(true);
    }
    for (const it of [view, working, executable, variables]) await it[Symbol.asyncDispose]();
  });

  it('keeps memory flat over 1,000 steps', async () => {
    const { variables, executable } = await prepare(engine, trainingStep(4));
    const feeds = { x: numbers([4, 2, 8, 8], 1) };
    const run = async (times: number) => {
      for (let i = 0; i < times; i++) await executable.run(feeds);
      return { ...engine.memory };
    };
    const before = await run(100);
    const heap = process.memoryUsage();
    expect(await run(1000)).toEqual(before);
    const after = process.memoryUsage();
    expect(after.arrayBuffers).toBeLessThan(heap.arrayBuffers + 2 ** 20);
    expect(after.heapUsed).toBeLessThan(heap.heapUsed + 2 ** 24);
    await executable[Symbol.asyncDispose]();
    await variables[Symbol.asyncDispose]();
  });

  it('leaves the event loop free during a long run', async () => {
    const a = input('a', [768, 768]);
    let y = a;
    for (let i = 0; i < 8; i++) y = ops.matmul(y, a);
    const { variables, executable } = await prepare(
      engine,
      buildProgram({ outputs: { y: ops.sum(y) }, updates: [] }),
    );
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const start = performance.now();
    await executable.run({ a: new Float32Array(768 * 768) });
    const elapsed = performance.now() - start;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(elapsed / 20);
    await executable[Symbol.asyncDispose]();
    await variables[Symbol.asyncDispose]();
  });

  it('explains and profiles its steps', async () => {
    const program = trainingStep(4);
    const { variables, executable } = await prepare(engine, program);
    const { steps, arenaBytes } = executable.explain;
    expect(steps[0]!.ops).toEqual(['conv2d', 'add', 'relu']);
    expect(arenaBytes).toBeGreaterThan(0);
    const times = await (await engine.compile(program, variables)).profile({
      x: numbers([4, 2, 8, 8], 1),
    });
    expect(times.length).toBe(steps.length);
    expect(times.every((time) => time >= 0)).toBe(true);
    await variables[Symbol.asyncDispose]();
    await expect(executable.run({ x: numbers([4, 2, 8, 8], 1) })).rejects.toThrow('disposed of');
    await engine[Symbol.asyncDispose]();
    engine = await wasmEngine({ threads: 2 });
  });

  it('refuses feeds and variables that do not fit', async () => {
    const { variables, executable } = await prepare(engine, trainingStep(4));
    const x = numbers([4, 2, 8, 8], 1);
    await expect(executable.run({})).rejects.toThrow('wasm: input "x" was not fed');
    await expect(executable.run({ X: x })).rejects.toThrow('"x" was not fed (did you mean "X"?)');
    await expect(executable.run({ x: x.slice(1) })).rejects.toThrow(
      'wasm: input "x" of shape [4,2,8,8] needs 512 numbers, got 511',
    );
    await expect(variables.write({ w3: x })).rejects.toThrow('no variable "w3"');
    await expect(variables.read(['w3'])).rejects.toThrow('no variable "w3"');
    const types = [{ name: 'a', shape: [2], dtype: 'float32' }] as const;
    await expect(engine.createVariables(types, {})).rejects.toThrow('"a" has no value');
    const stranger = await referenceEngine().createVariables([], {});
    await expect(engine.compile(trainingStep(4), stranger)).rejects.toThrow('another engine');
    const other = buildProgram({ outputs: { y: ops.tanh(weight([3], 'w1')) }, updates: [] });
    await expect(engine.compile(other, variables)).rejects.toThrow(
      'variable "w1" must be float32 [3], it is float32 [4,2,3,3]',
    );
    await executable[Symbol.asyncDispose]();
    await expect(executable.run({ x })).rejects.toThrow('the executable was disposed of');
    await variables[Symbol.asyncDispose]();
  });

  it('says how much memory is missing, and goes on', async () => {
    const { variables, executable } = await prepare(engine, trainingStep(4));
    const huge = buildProgram({ outputs: { y: ops.exp(input('x', [40000, 40000])) }, updates: [] });
    await expect(engine.compile(huge, variables)).rejects.toThrow(
      /not enough memory: this program needs 5.96 GiB .* use a smaller batch or another engine/,
    );
    await executable.run({ x: numbers([4, 2, 8, 8], 1) });
    await executable[Symbol.asyncDispose]();
    await variables[Symbol.asyncDispose]();
  });

  it('names the op that crashed, and is of no use afterwards', async () => {
    const broken = await createEngine(
      {
        ...kernels,
        tanh: () => [{ name: 'tanhF32', args: [0xf0000000, 0xf0000000, 64] }],
      },
      { threads: 2 },
    );
    const x = input('x', [4, 4]);
    const y = scoped('net', () => scoped('act', () => ops.tanh(x)));
    const program = buildProgram({ outputs: { y }, updates: [] });
    const { executable } = await prepare(broken, program);
    const feeds = { x: numbers([4, 4], 1) };
    const failing = executable.run(feeds);
    await expect(failing).rejects.toThrow(EngineError);
    await expect(failing).rejects.toThrow(/wasm: tanh failed in net › act \(memory access out/);
    await expect(executable.run(feeds)).rejects.toThrow('the engine has stopped');
    await broken[Symbol.asyncDispose]();
  });

  it('gives up its runs when it is disposed of', async () => {
    const other = await wasmEngine({ threads: 2 });
    const { executable } = await prepare(other, trainingStep(32));
    const running = executable.run({ x: numbers([32, 2, 8, 8], 1) });
    const waiting = executable.run({ x: numbers([32, 2, 8, 8], 1) });
    const ends = expect(Promise.all([running, waiting])).rejects.toThrow('disposed of');
    await other[Symbol.asyncDispose]();
    await ends;
    await expect(waiting).rejects.toThrow('the engine was disposed of');
  });

  it('lets the process end, and prints nothing', async () => {
    const script = `
      import { wasmEngine } from './src/engines/wasm/index.ts';
      const engine = await wasmEngine({ threads: 2 });
      console.log(engine.name);
    `;
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '-e', script],
      { timeout: 20000 },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'wasm\n', stderr: '' });
  });
});
