import { describe, expect, it } from 'vitest';
import { FormatError } from '../graph/errors.ts';
import { readList } from './list.ts';

const brief = (text: string, file: string) =>
  readList(text, file).map(({ path, label, part }) => [path, label, part ?? '']);

describe('readList', () => {
  it('reads CSV with quotes, other delimiters and columns in any order', () => {
    const text = 'class,path,width\r\n"a, b","x ""1"".jpg",3\r\n\r\ncat,sub/y.png,4';
    expect(brief(text, 'l.csv')).toEqual([
      ['x "1".jpg', 'a, b', ''],
      ['sub/y.png', 'cat', ''],
    ]);
    expect(brief('\uFEFFImage Path;Label\na.jpg;1\nb.jpg;0\n', 'l.csv')).toEqual([
      ['a.jpg', '1', ''],
      ['b.jpg', '0', ''],
    ]);
    expect(brief('file\tlabel\tsplit\na\tx\tTrain\nb\tx\tvalid\nc\ty\ttest', 'l.tsv')).toEqual([
      ['a', 'x', 'train'],
      ['b', 'x', 'val'],
      ['c', 'y', 'test'],
    ]);
  });

  it('reads JSON and JSON lines', () => {
    const items = [
      { path: 'a.jpg', label: 3 },
      { path: 'b.jpg', label: 'x', other: [1] },
    ];
    const expected = [
      ['a.jpg', '3', ''],
      ['b.jpg', 'x', ''],
    ];
    expect(brief(JSON.stringify(items), 'l.json')).toEqual(expected);
    expect(brief(`${items.map((item) => JSON.stringify(item)).join('\n')}\n`, 'l.jsonl')).toEqual(
      expected,
    );
  });

  it.each([
    ['', 'l.csv', 'l.csv: is empty'],
    ['path,label\n', 'l.csv', 'l.csv: lists no images'],
    ['path,name\na,b\n', 'l.csv', 'l.csv: there is no column of classes (columns are path, name)'],
    ['x,label\na,b\n', 'l.csv', 'l.csv: there is no column of paths (columns are x, label)'],
    ['path,label\na,b\nc\n', 'l.csv', 'l.csv:3: has 1 fields, and the first line names 2'],
    ['path,label\na,\n', 'l.csv', 'l.csv:2: there is no class in column "label"'],
    ['path,label\n\n"a\n\nb",x\n,y\n', 'l.csv', 'l.csv:6: there is no path in column "path"'],
    ['path,label\n"a"b,c\n', 'l.csv', 'l.csv:2: has a stray quotation mark'],
    ['path,label,split\na,b,c\n', 'l.csv', 'l.csv:2: the split must be train, val or test'],
    ['{"a": 1}', 'l.json', 'l.json: must be a list'],
    ['[1]', 'l.json', 'l.json, item 1: must be { "path", "label" }'],
    ['[{]', 'l.json', 'l.json: is no JSON'],
    ['{"path":"a","label":"b"}\nx', 'l.jsonl', 'l.jsonl:2: is no JSON'],
    ['[{"path":"a","label":null}]', 'l.json', 'l.json, item 1: there is no class'],
  ])('refuses %j in %s', (text, file, message) => {
    expect(() => readList(text, file)).toThrow(FormatError);
    expect(() => readList(text, file)).toThrow(message);
  });
});
