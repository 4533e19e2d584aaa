import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fovea, lastLine, temporaryFolder } from './fovea.ts';

it('fovea profile tells where the time goes, and writes a trace', async () => {
  await using folder = await temporaryFolder();
  const trace = join(folder.path, 'trace.json');
  const finished = await fovea([
    ...['profile', '--model', 'lenet', '--batch', '4', '--engine', 'wasm', '--runs', '2'],
    ...['--trace', trace, '--json'],
  ]);
  expect(finished.stderr).toMatch(/conv1 .*conv2d \+ add \+ sigmoid/);
  const result = lastLine(finished) as {
    readonly milliseconds: number;
    readonly steps: readonly { readonly ops: readonly string[]; readonly milliseconds: number }[];
  };
  const sum = result.steps.reduce((total, step) => total + step.milliseconds, 0);
  expect(result.milliseconds).toBeCloseTo(sum, 9);
  expect(result.steps.some(({ ops }) => ops.includes('conv2dWeightGrad'))).toBe(true);
  const { traceEvents } = JSON.parse(await readFile(trace, 'utf8'));
  expect(traceEvents).toHaveLength(result.steps.length);
  expect(finished.code).toBe(0);
});
