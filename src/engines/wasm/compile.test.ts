import { describe, expect, it } from 'vitest';
import {
  buildProgram,
  constant,
  input,
  type NumberArray,
  type Program,
  randomStream,
  sizeOf,
  type Tensor,
  type TensorType,
  variable,
} from '../../graph/index.ts';
import * as ops from '../../ops/index.ts';
import { type Primitives, primitives } from '../../ops/primitives.ts';
import { interpret } from '../reference/interpret.ts';
import { viewOf } from './arrays.ts';
import { type Compiled, compileProgram } from './compile.ts';
import type { Call, KernelRequest, KernelTable, Operand, Place } from './kernel.ts';

// Plans are carried out here on a simulated machine whose kernels are the reference's: what is
// tested is where values lie, in which order steps run, and where barriers stand.

type Bodies = ((read: Access) => void)[];
type Access = (place: Place, type: TensorType) => NumberArray;

const activations = {
  none: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  relu6: (x: number) => Math.min(Math.max(x, 0), 6),
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
};

/** A kernel for every op, whose call names a function that does the work. */
function simulatedKernels(bodies: Bodies): KernelTable {
  const kernelOf = (op: keyof Primitives) => (request: KernelRequest<object>) => {
    const { attrs, inputs, outputs, tail } = request;
    const { inPlace } = primitives[op];
    const given = inputs.filter((operand) => operand !== undefined);
    const types = [...given, ...outputs].map(({ shape, dtype }) => ({ shape, dtype }));
    let next = 0;
    const program: Program = {
      types,
      inputs: given.map((_, id) => ({ name: String(id), id })),
      constants: [],
      variables: [],
      instructions: [
        {
          op,
          inputs: inputs.map((operand) => (operand === undefined ? undefined : next++)),
          outputs: outputs.map((_, i) => given.length + i),
          attrs: attrs as never,
          path: [],
          after: undefined,
          flops: 0,
          hoisted: false,
        },
      ],
      outputs: outputs.map((_, i) => ({ name: String(i), id: given.length + i })),
      updates: [],
    };
    const compute = (access: Access) => {
      const at = (operand: Operand) => access(operand.place, operand);
      const read = [...given, ...Object.values(tail ?? {})].filter((x) => typeof x === 'object');
      outputs.forEach((output, i) => {
        const places = [...(inPlace ? [] : read), ...outputs.slice(0, i)].map(at);
        for (const { byteOffset } of places) expect(byteOffset).not.toBe(at(output).byteOffset);
      });
      const feeds = Object.fromEntries(given.map((operand, i) => [String(i), at(operand)]));
      const results = interpret(program, feeds).outputs;
      const [y] = outputs as [Operand];
      const bias = tail?.bias && at(tail.bias);
      const residual = tail?.residual && at(tail.residual);
      const inner = op === 'conv2d' ? sizeOf(y.shape.slice(2)) : 1;
      outputs.forEach((operand, i) => {
        const result = results[String(i)]!;
        const finish = activations[tail?.activation ?? 'none'];
        at(operand).set(
          tail === undefined
            ? result
            : result.map((value, j) =>
                finish(
                  value + (bias?.[Math.floor(j / inner) % bias.length] ?? 0) + (residual?.[j] ?? 0),
                ),
              ),
        );
      });
    };
    // Weights that stay are looked at once; anything needs its scratch from one call to the next.
    const [, w] = inputs;
    const once = op === 'conv2d' && w!.steady;
    const mark = { shape: [1], dtype: 'int32' } as const;
    const scratch = request.scratch(64, once ? 'kept' : undefined);
    const calls: Call[] = [];
    const call = (body: (access: Access) => void, isOnce = false) =>
      calls.push({ name: 'body', args: [bodies.push(body) - 1], once: isOnce });
    const sum = (access: Access) =>
      w === undefined ? 1 : Float64Array.from(access(w.place, w)).reduce((a, b) => a + b, 0) * 1000;
    call((access) => access(scratch, mark).fill(sum(access)), once);
    call((access) => {
      expect(access(scratch, mark)[0]).toBe(Math.trunc(sum(access)) | 0);
      compute(access);
    });
    return calls;
  };
  const names = Object.keys(primitives) as (keyof Primitives)[];
  return Object.fromEntries(names.map((name) => [name, kernelOf(name)])) as unknown as KernelTable;
}

/** A program on the simulated machine. */
function simulate(program: Program) {
  const bodies: Bodies = [];
  const compiled = compileProgram(program, {
    kernels: simulatedKernels(bodies),
    threads: 1,
    shareAll: false,
    measure: () => 0,
  });
  const round = (bytes: number) => Math.ceil(bytes / 64) * 64;
  const kept = round(compiled.arenaBytes);
  let end = kept + round(compiled.keptBytes);
  const addresses = new Map<string, number>();
  for (const { name, id } of program.variables) {
    addresses.set(name, end);
    end += round(4 * sizeOf(program.types[id]!.shape));
  }
  const memory = { buffer: new ArrayBuffer(end) } as WebAssembly.Memory;
  const addressOf = ({ home, offset, variable }: ReturnType<Compiled['locate']>) =>
    variable !== undefined ? addresses.get(variable)! : home === 'arena' ? offset : kept + offset;
  const at = (address: number, { shape, dtype }: TensorType) =>
    viewOf(memory, dtype, address, sizeOf(shape));
  const access: Access = (place, type) => at(addressOf(compiled.locate(place.of)), type);
  new Float32Array(memory.buffer).fill(Number.NaN);
  for (const { offset, array } of compiled.data) {
    viewOf(memory, 'float32', kept + offset, array.length).set(array);
  }

  /** Between barriers, what is shared runs backwards, before or after what one thread does alone. */
  function makeCalls(from: number): void {
    let [shared, alone]: [number[], number[]] = [[], []];
    compiled.calls.slice(from).forEach(({ args, barrier, solo }, i) => {
      (solo ? alone : shared).push(args[0] as number);
      if (!barrier) return;
      const backwards = shared.reverse();
      const order = i % 2 === 0 ? [...alone, ...backwards] : [...backwards, ...alone];
      for (const body of order) bodies[body]!(access);
      [shared, alone] = [[], []];
    });
    expect([shared, alone]).toEqual([[], []]);
  }

  return {
    compiled,
    write(values: Record<string, ArrayLike<number>>) {
      for (const { name, id } of program.variables) {
        if (name in values) at(addresses.get(name)!, program.types[id]!).set(values[name]!);
      }
    },
    read: () =>
      Object.fromEntries(
        program.variables.map(({ name, id }) => [
          name,
          at(addresses.get(name)!, program.types[id]!).slice(),
        ]),
      ),
    run(feeds: Record<string, ArrayLike<number>>, stale: boolean) {
      new Float32Array(memory.buffer, 0, kept / 4).fill(Number.NaN);
      for (const named of compiled.inputs) {
        at(addressOf(named.location), named).set(feeds[named.name]!);
      }
      makeCalls(stale ? 0 : compiled.first);
      return Object.fromEntries(
        compiled.outputs.map((named) => [named.name, at(addressOf(named.location), named).slice()]),
      );
    },
  };
}

const numbers = (uniform: () => number, shape: readonly number[]): Float32Array =>
  Float32Array.from({ length: sizeOf(shape) }, () => uniform() * 2 - 1);

function expectClose(got: NumberArray, wanted: Float64Array): void {
  expect(got.length).toBe(wanted.length);
  got.forEach((value, i) => {
    const error = Math.abs(value - wanted[i]!);
    if (!(error <= 1e-3 * (1 + Math.abs(wanted[i]!)))) expect(value).toBe(wanted[i]);
  });
}

/** A few runs with writes between them, compared with the reference. */
function check(program: Program, seed = 1, runs = 4) {
  const uniform = randomStream([seed, 0], 1);
  const machine = simulate(program);
  const shapes = (list: Program['inputs']) =>
    list.map(({ name, id }) => [name, program.types[id]!.shape] as const);
  const random = (list: Program['inputs']) =>
    Object.fromEntries(shapes(list).map(([name, shape]) => [name, numbers(uniform, shape)]));
  machine.write(random(program.variables));
  for (let i = 0; i < runs; i++) {
    if (i === 2) machine.write(random(program.variables));
    const feeds = random(program.inputs);
    const before = machine.read();
    const wanted = interpret(program, feeds, before);
    const outputs = machine.run(feeds, i % 2 === 0);
    for (const { name } of program.outputs) expectClose(outputs[name]!, wanted.outputs[name]!);
    const after = machine.read();
    for (const { name } of program.variables) {
      const expected = wanted.updates[name];
      if (expected) expectClose(after[name]!, expected);
      else expect(after[name]).toEqual(before[name]);
    }
  }
  return machine.compiled;
}

const weight = (shape: readonly number[], name: string) =>
  variable(shape, { name, trainable: true, initial: 0 });

/** The program, pretending that its instructions are so much work: small ones go to one thread. */
const withWork = (program: Program, flops: () => number): Program => ({
  ...program,
  instructions: program.instructions.map((instruction) => ({ ...instruction, flops: flops() })),
});

/** Random programs over a handful of values of shape [2, 3], with views, updates and fusion. */
function randomProgram(seed: number): Program {
  const uniform = randomStream([seed, 0], 0);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(uniform() * list.length)]!;
  const variables = ['a', 'b', 'c', 'd'].map((name) => weight([2, 3], name));
  const kernel = weight([3, 2, 1, 1], 'kernel');
  const shift = weight([3], 'shift');
  const x = input('x', [2, 3]);
  const image = input('image', [1, 2, 2, 1]);
  const still = weight([1, 2, 2, 1], 'still');
  const flat = (tensor: Tensor) => ops.reshape(tensor, { shape: [2, 3] });
  const pictures: Tensor[] = [];
  const conv = () => {
    const y = ops.conv2d(pick([image, still]), kernel);
    const biased = ops.add(y, ops.reshape(shift, { shape: [3, 1, 1] }));
    const other = ops.reshape(pick(values), { shape: [1, 3, 2, 1] });
    const residual = pick([...pictures, other]);
    const results = [y, biased, ops.relu(biased), ops.tanh(ops.add(biased, residual))];
    if (uniform() < 0.5) pictures.push(pick(results));
    return flat(pick(results));
  };
  const values: Tensor[] = [...variables, x, constant(0.5, [2, 3])];
  const updates: { variable: Tensor; value: Tensor }[] = [];
  const makers: (() => Tensor)[] = [
    () => ops.add(pick(values), pick(values)),
    () => ops.mul(pick(values), pick(values)),
    () => ops.sub(pick(values), pick(values)),
    () => ops.tanh(pick(values)),
    () => ops.relu(pick(values)),
    () => flat(ops.transpose(ops.reshape(pick(values), { shape: [3, 2] }))),
    () => ops.reshape(ops.reshape(pick(values), { shape: [6] }), { shape: [2, 3] }),
    () => ops.add(pick(values), ops.sum(pick(values), { axes: [0] })),
    () =>
      ops.tanh(
        ops.add(
          ops.matmul(ops.matmul(pick(values), pick(values), { transposeB: true }), pick(values)),
          shift,
        ),
      ),
    conv,
    () => ops.lerp(pick(values), pick(values), pick(values)),
    () => ops.sgdUpdate(pick(values), pick(values), constant(0.1)),
    () => {
      const step = ops.momentumUpdate(
        pick(values),
        pick(values),
        pick(values),
        constant(0.1),
        constant(1, [], 'int32'),
        { momentum: 0.9 },
      );
      values.push(step.velocity);
      return step.param;
    },
  ];
  if (uniform() < 0.3) updates.push({ variable: kernel, value: ops.tanh(kernel) });
  const count = 3 + Math.floor(uniform() * 12);
  for (let i = 0; i < count; i++) values.push(pick(makers)());
  for (const target of variables) {
    if (uniform() < 0.6) updates.push({ variable: target, value: pick(values) });
  }
  const outputs = { p: pick(values), q: pick([...values, ...pictures]) };
  return withWork(buildProgram({ outputs, updates }), () => (uniform() < 0.6 ? 1e6 : 0));
}

describe('compileProgram', () => {
  it('computes what the reference computes, for random programs', () => {
    for (let seed = 0; seed < 600; seed++) {
      try {
        check(randomProgram(seed), seed);
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error });
      }
    }
  });

  it('updates a variable where it lies when every reader comes first', () => {
    const w = weight([64], 'w');
    const x = input('x', [64]);
    const grad = ops.mul(w, x);
    const program = buildProgram({
      outputs: { loss: ops.sum(ops.mul(grad, w)) },
      updates: [{ variable: w, value: ops.sgdUpdate(w, grad, constant(0.1)) }],
    });
    const { steps } = check(program);
    expect(steps.map(({ op }) => op)).not.toContain('reshape');
    expect(steps.map(({ ops }) => ops[0])).not.toContain('update');
  });

  it('copies an update when the old value is needed to compute with the new one', () => {
    const w = weight([4], 'w');
    const next = ops.sgdUpdate(w, input('g', [4]), constant(0.1));
    const program = buildProgram({
      outputs: { both: ops.add(ops.mul(next, 2), w) },
      updates: [{ variable: w, value: next }],
    });
    expect(check(program).steps.map(({ ops }) => ops[0])).toContain('update');
  });

  it('swaps variables', () => {
    const [a, b] = [weight([4], 'a'), weight([4], 'b')] as const;
    check(
      buildProgram({
        outputs: { old: a },
        updates: [
          { variable: a, value: b },
          { variable: b, value: a },
        ],
      }),
    );
  });

  it('fuses a convolution with bias, residual and activation', () => {
    const x = input('x', [2, 3, 4, 4]);
    const bias = ops.reshape(weight([3], 'bias'), { shape: [3, 1, 1] });
    const y = ops.conv2d(x, weight([3, 3, 3, 3], 'w'), { padding: 1 });
    const program = buildProgram({
      outputs: { y: ops.relu(ops.add(ops.add(y, bias), x)) },
      updates: [],
    });
    const { steps, first, calls } = check(program);
    expect(steps.map(({ ops }) => ops)).toEqual([['conv2d', 'add', 'add', 'relu']]);
    expect({ first, calls: calls.length }).toEqual({ first: 1, calls: 2 });
  });

  it('does not fuse what somebody else reads', () => {
    const y = ops.matmul(input('x', [2, 3]), weight([3, 5], 'w'));
    const z = ops.relu(ops.add(y, weight([5], 'bias')));
    const program = buildProgram({ outputs: { y, z }, updates: [] });
    expect(check(program).steps.map(({ op }) => op)).toEqual(['matmul', 'add', 'relu']);
  });

  it('does not fuse what is an output', () => {
    const y = ops.matmul(input('x', [2, 3]), weight([3, 5], 'w'));
    check(buildProgram({ outputs: { y, z: ops.relu(y) }, updates: [] }));
  });

  it('fuses the sum of two convolutions into one of them', () => {
    const x = input('x', [1, 2, 3, 3]);
    const [a, b] = ['a', 'b'].map((name) => ops.conv2d(x, weight([4, 2, 1, 1], name)));
    const program = buildProgram({ outputs: { y: ops.relu(ops.add(a!, b!)) }, updates: [] });
    const fused = check(program).steps.map((step) => step.ops.join(' + '));
    expect(fused.sort()).toEqual(['conv2d', 'conv2d + add + relu']);
  });

  it('lets gradients die early', () => {
    const layers = 12;
    const size = 4096;
    const weights = Array.from({ length: layers }, (_, i) => weight([size], `w${i}`));
    const x = input('x', [8, size]);
    const activations = [x];
    for (const w of weights) activations.push(ops.mul(activations.at(-1)!, w));
    let dy = activations.at(-1)!;
    const updates = [...weights].reverse().map((w, i) => {
      const source = activations[layers - 1 - i]!;
      const grad = ops.sum(ops.mul(dy, source), { axes: [0] });
      dy = ops.mul(dy, w);
      return { variable: w, value: ops.sgdUpdate(w, grad, constant(0.1)) };
    });
    const program = buildProgram({
      outputs: { loss: ops.sum(activations.at(-1)!) },
      updates: updates.reverse(),
    });
    const { arenaBytes } = check(program, 1, 1);
    const tensor = 8 * size * 4;
    expect(arenaBytes).toBeLessThan((layers + 4) * tensor);
  });

  it('puts barriers only where they are needed', () => {
    const [x, y] = [input('x', [4]), input('y', [4])];
    const program = buildProgram({
      outputs: { a: ops.tanh(x), b: ops.exp(y), c: ops.neg(ops.add(y, 1)) },
      updates: [],
    });
    const kernels = Object.fromEntries(
      Object.keys(primitives).map((name) => [name, () => [{ name, args: [] }]]),
    ) as unknown as KernelTable;
    const callsOf = (flops: number) =>
      compileProgram(
        withWork(program, () => flops),
        {
          kernels,
          threads: 2,
          shareAll: false,
          measure: () => 0,
        },
      ).calls.map(({ name, barrier }) => `${name}${barrier ? ' |' : ''}`);
    expect(callsOf(1e6).join(' ')).toBe('tanh exp | add | neg |');
    expect(callsOf(0).join(' ')).toBe('tanh exp add neg |');
  });
});
