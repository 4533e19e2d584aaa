import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CheckResult,
  checkData,
  classSheet,
  problemSheet,
  writeExclusions,
} from '../../src/check/node.ts';
import { hostileFiles } from '../image/hostile.ts';
import { writeCorpus } from './corpus.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'fovea-check-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const filesOf = ({ report }: CheckResult, kind: string): string[] =>
  report.problems.filter((problem) => problem.kind === kind).map(({ files }) => files.join(' = '));

describe('a dataset with faults', () => {
  let data: string;
  let result: CheckResult;
  beforeAll(async () => {
    data = join(root, 'data');
    await writeCorpus(data);
    result = await checkData(data);
  });

  it('is counted', () => {
    const { report } = result;
    expect(report).toMatchObject({
      images: 19,
      decoded: 16,
      excluded: 0,
      otherFiles: 1,
      formats: { jpeg: 14, png: 2 },
      splits: [
        { split: 'train', images: 12 },
        { split: 'test', images: 4 },
      ],
      classes: [
        { class: 'cat', images: 7, splits: { train: 5, test: 2 } },
        { class: 'dog', images: 9, splits: { train: 7, test: 2 } },
        { class: 'fish', images: 0, splits: { train: 0, test: 0 } },
      ],
      sizes: { width: { min: 64, median: 96, max: 96 }, aspect: { median: 96 / 72 } },
    });
  });

  it('has each fault once', () => {
    const found = Object.fromEntries(
      Object.keys(result.report.counts).map((kind) => [kind, filesOf(result, kind)]),
    );
    expect(found).toEqual({
      empty: ['train/cat/empty.jpg'],
      'not-image': ['train/dog/words.jpg'],
      truncated: ['train/cat/half.jpg'],
      conflict: ['train/cat/2.jpg = train/dog/conflict.jpg'],
      leak: ['test/cat/leak.jpg = train/cat/1.jpg'],
      duplicate: ['train/cat/0.jpg = train/cat/copy.jpg'],
      'empty-class': [''],
      'near-leak': ['test/dog/near.png = train/dog/4.jpg'],
      'wrong-extension': ['train/dog/png.jpg'],
      'not-read': ['train/dog/hidden.dat'],
    });
    expect(result.report).toMatchObject({ errors: 7, warnings: 3 });
  });

  it('is drawn', async () => {
    for (const [draw, least] of [
      [classSheet, 300],
      [problemSheet, 900],
    ] as const) {
      const { width, height, format } = await sharp(await draw(result)).metadata();
      expect(format).toBe('png');
      expect(width).toBeGreaterThan(1000);
      expect(height).toBeGreaterThan(least);
    }
  });

  it('has no faults left but its empty class once they are excluded', async () => {
    const names = await readdir(data, { recursive: true });
    const written = await writeExclusions(result);
    expect(written).toMatchObject({ added: 7, total: 7, skipped: 0 });
    const list = await readFile(join(data, 'fovea-exclude.tsv'), 'utf8');
    expect(list.split('\n').slice(0, 2)).toEqual([
      'train/cat/1.jpg\tsame picture in several splits: test/cat/leak.jpg',
      'train/cat/2.jpg\tsame picture, different labels: cat, dog',
    ]);
    const again = await checkData(data);
    expect(again.report).toMatchObject({ excluded: 7, images: 12, errors: 1 });
    expect(again.toExclude).toEqual([]);
    expect(await writeExclusions(again)).toMatchObject({ added: 0, total: 7 });
    expect(
      (await readdir(data, { recursive: true })).filter((name) => !names.includes(name)),
    ).toEqual(['fovea-exclude.tsv']);
  });
});

describe('hostile files', () => {
  it('each give a picture or a problem, with little memory', async () => {
    const data = join(root, 'hostile');
    const files = await hostileFiles();
    await mkdir(join(data, 'class'), { recursive: true });
    for (const { name, bytes } of files) await writeFile(join(data, 'class', name), bytes);
    if (process.platform !== 'win32') execFileSync('mkfifo', [join(data, 'class', 'pipe.jpg')]);
    sharp.cache(false);
    const before = process.memoryUsage.rss();
    const result = await checkData(data);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 2 ** 20);
    const bad = new Set(
      result.report.problems
        .filter(({ kind }) =>
          /^(empty|not-image|unsupported|truncated|corrupt|too-large|not-read)$/.test(kind),
        )
        .flatMap(({ files }) => files),
    );
    for (const { name, expect: expected } of files) {
      // The check takes larger pictures than the test of decoding.
      if (name === 'bomb-inflated.png') continue;
      expect(bad.has(`class/${name}`), name).toBe(expected instanceof RegExp);
    }
    expect(filesOf(result, 'too-large')).toContain('class/bomb-50000.png');
    expect(filesOf(result, 'truncated')).toEqual(
      expect.arrayContaining(
        ['jpeg', 'png', 'webp', 'gif'].map((format) => `class/half.${format}`),
      ),
    );
    if (process.platform !== 'win32') {
      expect(filesOf(result, 'unreadable')).toEqual(['class/pipe.jpg']);
    }
    for (const { detail } of result.report.problems) expect(detail).not.toMatch(/\n/);
    await problemSheet(result);
  });
});

describe('other data', () => {
  it('may be a list', async () => {
    const list = join(root, 'list.csv');
    await writeFile(
      list,
      'path,label,split\ndata/train/cat/0.jpg,a,train\ndata/train/cat/copy.jpg,a,test\nnone.jpg,b,train\n',
    );
    const result = await checkData(list);
    expect(filesOf(result, 'leak')).toEqual(['data/train/cat/0.jpg = data/train/cat/copy.jpg']);
    expect(filesOf(result, 'unreadable')).toEqual(['none.jpg']);
    expect(result.report.counts['empty-class']).toBe(1);
  });

  it('may be images alone, in no class', async () => {
    const result = await checkData(join(root, 'data', 'test', 'cat'));
    expect(result.report).toMatchObject({ images: 2, classes: [{ class: '(no class)' }] });
  });

  it('may be a dataset by name', async () => {
    const result = await checkData('fashion-mnist-sample');
    expect(result.report).toMatchObject({ images: 7000, errors: 0, root: null });
    expect(result.report.warnings).toBeLessThan(5);
    const { width } = await result.image(6999, 100);
    expect(width).toBe(28);
  });

  it('must be there', async () => {
    await expect(checkData(join(root, 'nothing'))).rejects.toThrow(/is not there/);
    await expect(checkData('fashion-mnits')).rejects.toThrow(/did you mean "fashion-mnist"/);
  });
});
