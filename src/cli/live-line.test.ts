import { expect, it } from 'vitest';
import { fittingFields, progressText } from './live-line.ts';

const fields = ['epoch 1/10', 'loss 0.5', '0:07 left'];

it('fits a terminal of any width', () => {
  expect(progressText(0.5, fields, 80)).toBe(
    'epoch 1/10  ████████████░░░░░░░░░░░░  loss 0.5  0:07 left',
  );
  expect(progressText(0.5, fields, 43)).toBe('epoch 1/10  █████░░░░░  loss 0.5  0:07 left');
  expect(progressText(1, fields, 30)).toBe('epoch 1/10  ████████  loss 0.5');
  expect(progressText(0, fields, 12)).toBe('epoch 1/10');
  expect(progressText(0, fields, 6)).toBe('epoch…');
});

it('keeps the first fields', () => {
  expect(fittingFields(fields, Number.POSITIVE_INFINITY)).toEqual(fields);
  expect(fittingFields(fields, 20)).toEqual(fields.slice(0, 2));
  expect(fittingFields(fields, 1)).toEqual(fields.slice(0, 1));
});
