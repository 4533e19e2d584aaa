import { expect, it } from 'vitest';
import { clip, table, textWidth } from './table.ts';

const columns = [
  { title: 'name', shrink: true },
  { title: 'images', align: 'right' as const },
  { title: 'licence' },
];
const rows = [
  ['时尚数据集', '60,000', 'MIT'],
  ['a rather long name', '7', 'CC BY-SA 4.0'],
];

it('aligns columns, wide characters counted as two', () => {
  expect(table(columns, rows)).toEqual([
    'name                images  licence',
    '时尚数据集          60,000  MIT',
    'a rather long name       7  CC BY-SA 4.0',
  ]);
});

it('shrinks what may shrink, then cuts', () => {
  expect(table(columns, rows, 32)).toEqual([
    'name        images  licence',
    '时尚数据集  60,000  MIT',
    'a rather …       7  CC BY-SA 4.0',
  ]);
  for (const line of table(columns, rows, 12)) expect(textWidth(line)).toBeLessThanOrEqual(12);
});

it('clips text', () => {
  expect([clip('image', 5), clip('image', 4), clip('时尚', 3), clip('x', 0)]).toEqual([
    'image',
    'ima…',
    '时…',
    '',
  ]);
});
