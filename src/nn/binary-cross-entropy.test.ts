import { expect, test } from 'vitest';
import { interpret } from '../engines/reference/interpret.ts';
import { buildProgram, gradients, input } from '../graph/index.ts';
import { sigmoid } from '../ops/index.ts';
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from './losses.ts';

test('binary cross-entropy of probabilities is that of their logits', () => {
  const [x, target] = [input('x', [5]), input('target', [5])];
  const probabilities = binaryCrossEntropy(sigmoid(x), target);
  const logits = binaryCrossEntropyWithLogits(x, target);
  const outputs = {
    probabilities,
    logits,
    dx: gradients(probabilities, [x])[0]!,
    dlogits: gradients(logits, [x])[0]!,
  };
  const feeds = { x: [-3, -0.5, 0, 1.25, 4], target: [0, 1, 0.5, 0.2, 1] };
  const got = interpret(buildProgram({ outputs, updates: [] }), feeds).outputs;
  expect(got.probabilities![0]).toBeCloseTo(got.logits![0]!, 12);
  got.dx!.forEach((value, i) => {
    expect(value).toBeCloseTo(got.dlogits![i]!, 12);
  });
});

test('its logarithms are cut at -100', () => {
  const p = input('p', [2]);
  const target = input('target', [2]);
  const loss = binaryCrossEntropy(p, target, { reduction: 'none' });
  const program = buildProgram({ outputs: { loss }, updates: [] });
  const { outputs } = interpret(program, { p: [0, 1], target: [1, 0] });
  expect([...outputs.loss!]).toEqual([100, 100]);
});
