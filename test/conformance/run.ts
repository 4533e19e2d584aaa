import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import type { Engine } from '../../src/engines/engine.ts';
import { interpret } from '../../src/engines/reference/interpret.ts';
import type { NumberArray, Program } from '../../src/graph/index.ts';
import {
  buildCase,
  buildGradient,
  type Case,
  caseName,
  isDifferentiable,
  sampleCases,
} from './cases.ts';
import { contract } from './contract.ts';
import { extremeNumbers } from './extremes.ts';
import { fuzz } from './fuzz.ts';
import { optimizedProgram, randomGraphs } from './graphs.ts';
import { allowedError, difference } from './tolerance.ts';

/** Cases that an engine is not held to, by name or pattern, and why. */
export interface Skip {
  readonly reason: string;
  readonly cases: readonly (string | RegExp)[];
}

export interface ConformanceOptions {
  readonly skip?: readonly Skip[];
  /** Factor on every allowed error; 1 by default. */
  readonly tolerance?: number;
}

/**
 * Declares the tests that every engine must pass: all ops on all samples, their gradients, random
 * shapes, random graphs, and the contract of `Engine`, each against the reference in float64.
 */
export function conformance(
  name: string,
  makeEngine: () => Engine | Promise<Engine>,
  { skip = [], tolerance = 1 }: ConformanceOptions = {},
): void {
  const excuse = (given: string): string | undefined =>
    skip.find(({ cases }) =>
      cases.some((pattern) =>
        typeof pattern === 'string' ? pattern === given : pattern.test(given),
      ),
    )?.reason;
  const unlessExcused = (context: TestContext, given: string) => {
    const reason = excuse(given);
    if (reason !== undefined) context.skip(reason);
  };

  describe(name, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await makeEngine();
    });
    afterAll(() => engine?.[Symbol.asyncDispose]());

    const forward = (given: Case) => {
      const { program, feeds } = buildCase(given);
      return compare(engine, program, feeds, tolerance);
    };
    const backward = (given: Case) => {
      const built = buildCase(given);
      return compare(engine, buildGradient(given, built).program, built.feeds, tolerance);
    };

    describe('ops', () => {
      for (const given of sampleCases) {
        test(caseName(given), async (context) => {
          unlessExcused(context, caseName(given));
          expect(await forward(given)).toEqual([]);
        });
      }
    });

    describe('gradients', () => {
      for (const given of sampleCases.filter(isDifferentiable)) {
        test(caseName(given), async (context) => {
          unlessExcused(context, caseName(given));
          expect(await backward(given)).toEqual([]);
        });
      }
    });

    describe('random shapes', () => {
      for (const [family, cases] of Object.entries(fuzz)) {
        test(`${family}, ${cases.length} cases`, { timeout: 60_000 }, async () => {
          const failures: string[] = [];
          for (const given of cases.filter((each) => excuse(caseName(each)) === undefined)) {
            const found = await forward(given);
            if (isDifferentiable(given)) {
              found.push(...(await backward(given)).map((line) => `gradient of ${line}`));
            }
            failures.push(...found.map((line) => `${caseName(given)}: ${line}`));
          }
          expect(failures).toEqual([]);
        });
      }
    });

    describe('random graphs', () => {
      for (const graph of randomGraphs) {
        test(graph.name, async (context) => {
          unlessExcused(context, graph.name);
          const program = optimizedProgram(graph);
          expect(await compare(engine, program, graph.feeds, tolerance, graph.variables)).toEqual(
            [],
          );
        });
      }
    });

    extremeNumbers(() => engine);
    contract(() => engine);
  });
}

type Numbers = Readonly<Record<string, NumberArray>>;

/**
 * Runs a program twice on the engine and once on the reference, and says what differs. `numbers`
 * may hold more than the program reads: the gradient of a sum needs no input.
 */
async function compare(
  engine: Engine,
  program: Program,
  numbers: Numbers,
  tolerance: number,
  initial: Numbers = {},
): Promise<string[]> {
  const feeds = Object.fromEntries(program.inputs.map(({ name }) => [name, numbers[name]!]));
  const want = interpret(program, feeds, initial);
  const types = program.variables.map(({ name, id }) => ({ name, ...program.types[id]! }));
  await using variables = await engine.createVariables(types, initial);
  await using executable = await engine.compile(program, variables);
  const got = await executable.run(feeds);
  const updated = await variables.read();
  await variables.write(initial);
  const again = await executable.run(feeds);

  const check = (
    label: string,
    array: NumberArray | undefined,
    expected: Float64Array,
    id: number,
  ) => {
    const allowed = allowedError(program, { ...feeds, ...initial }, expected);
    const found = difference(
      array,
      expected,
      program.types[id]!.dtype,
      (value) => tolerance * allowed(value),
    );
    return found === undefined ? [] : [`${label}${found}`];
  };
  const outputs = program.outputs.flatMap(({ name, id }) => [
    ...check(name, got[name], want.outputs[name]!, id),
    ...(sameNumbers(got[name], again[name]) ? [] : [`${name} differs between two runs`]),
  ]);
  const updates = program.updates.flatMap(({ variable }) => {
    const { name } = program.variables.find(({ id }) => id === variable)!;
    return check(`updated ${name}`, updated[name], want.updates[name]!, variable);
  });
  return [...outputs, ...updates];
}

const sameNumbers = (a: NumberArray | undefined, b: NumberArray | undefined): boolean =>
  a?.length === b?.length && a!.every((value, i) => Object.is(value, b![i]));
