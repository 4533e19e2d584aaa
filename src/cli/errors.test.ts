import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EngineError, FormatError, invariant, ShapeError, UsageError } from '../graph/errors.ts';
import { reportError } from './errors.ts';

const thrown = (body: () => unknown): unknown => {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('did not throw');
};

it('gives our errors one line, and wrong use its own exit code', () => {
  for (const kind of [EngineError, FormatError, ShapeError]) {
    const report = reportError(new kind('x: is wrong\n  in two lines'), false);
    expect(report).toEqual({ text: 'error: x: is wrong in two lines', exitCode: 1 });
  }
  expect(reportError(new UsageError('no'), false)).toEqual({ text: 'error: no', exitCode: 2 });
});

it('lets no name steer the terminal', () => {
  const { text } = reportError(new FormatError('a\x1b[31m\nb.png: is no image\r'), false);
  expect(text).toBe('error: a\\u{1b}[31m b.png: is no image');
});

it('shows stack and cause when asked', () => {
  const error = new FormatError('no', { cause: new Error('why') });
  expect(reportError(error, true).text).toMatch(
    /^error: no\n +at .*\n(.*\n)*.*caused by Error: why$/,
  );
});

it('tells that memory is short, with a way out', () => {
  const errors = [
    thrown(() => new ArrayBuffer(2 ** 53 - 1)),
    thrown(() => new Float32Array(2 ** 50)),
    thrown(() => new WebAssembly.Memory({ initial: 1, maximum: 1 }).grow(1)),
    Object.assign(new Error('terminated'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }),
  ];
  for (const error of errors) {
    const { text, exitCode } = reportError(error, false);
    expect(text).toMatch(/^error: not enough memory \(.*\); try a smaller --batch.*$/);
    expect(exitCode).toBe(1);
  }
});

it('passes on what the operating system says', () => {
  const error = thrown(() => readFileSync('no such file'));
  expect(reportError(error, false)).toEqual({
    text: "error: ENOENT: no such file or directory, open 'no such file'",
    exitCode: 1,
  });
});

it('calls a bug a bug, with the stack', () => {
  const bug = reportError(
    thrown(() => (undefined as unknown as string).length),
    false,
  );
  expect(bug.text).toMatch(
    /^error: this is a bug in Fovea, please report it: Cannot read.*\n +at /,
  );
  expect(bug.exitCode).toBe(1);
  const ours = reportError(
    thrown(() => invariant(false, 'x')),
    false,
  );
  expect(ours.text.match(/this is a bug/g)).toHaveLength(1);
});
