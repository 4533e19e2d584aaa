import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ImageDataset, inMemoryDataset } from '../data/index.ts';
import type { Engine } from '../engines/engine.ts';
import { wasmEngine } from '../engines/wasm/index.ts';
import { randomStream, seedKey } from '../graph/index.ts';
import { resolveConfig } from '../train/config.ts';
import { drawSvg } from '../train/picture.ts';
import { studyValues } from './options.ts';
import { studies, studyNamed } from './studies.ts';
import type { StudyContext } from './study.ts';

const [CLASSES, SIZE] = [3, 16];

/** Bright squares in a corner of their class's, and noise. */
function squares(length: number, seed: number): ImageDataset {
  const uniform = randomStream(seedKey(seed), 0);
  const images = Uint8Array.from({ length: length * SIZE * SIZE }, () => 60 * uniform());
  const labels = Uint8Array.from({ length }, (_, i) => i % CLASSES);
  labels.forEach((label, i) => {
    for (let y = 0; y < 6; y++) {
      const start = (i * SIZE + y + 5 * label) * SIZE + 5 * label;
      images.fill(220, start, start + 6);
    }
  });
  const classes = ['a', 'b', 'c'];
  return inMemoryDataset({ name: 'squares', classes, shape: [1, SIZE, SIZE], images, labels });
}

let engine: Engine;
beforeAll(async () => {
  engine = await wasmEngine({ threads: 1 });
});
afterAll(() => engine[Symbol.asyncDispose]());

interface Seen {
  share: number;
  notes: string[];
}

const contextOf = (seen: Seen): StudyContext => ({
  config: resolveConfig({ data: 'squares', seed: 1 }),
  engine: async () => engine,
  data: async (train, test) => ({ train: squares(train, 1), test: squares(test, 2) }),
  progress(done, total, fields) {
    seen.share = Math.max(seen.share, done / total);
    expect(fields.join(' ')).not.toMatch(/undefined/);
  },
  note: (text) => seen.notes.push(text),
});

const small = { epochs: 2, batch: 16, trainSize: 48, testSize: 24 };
/** Settings of a second or so. */
const settings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  gradients: { depth: 6, steps: 5, batch: 16 },
  degradation: { ...small, depths: [14, 8], width: 4 },
  batchnorm: { ...small, rates: [1000, 0.1] },
  'one-by-one': {},
  'dense-share': {},
  kernels: { ...small, epochs: 1 },
  augmentation: small,
};

const run = async (name: string, seen: Seen = { share: 0, notes: [] }) => {
  const study = studyNamed(name);
  return study.run(studyValues(study.options, settings[name]!, true), contextOf(seen));
};

describe('every study', () => {
  it.each(studies.map(({ name }) => name))(
    '%s gives rows, a picture and sentences',
    async (name) => {
      const seen: Seen = { share: 0, notes: [] };
      const { columns, rows, picture, findings } = await run(name, seen);
      expect(rows.length).toBeGreaterThan(1);
      for (const row of rows) for (const { key } of columns) expect(row).toHaveProperty(key);
      const values = rows.flatMap((row) => Object.values(row));
      expect(values.filter((value) => typeof value === 'number').every(Number.isFinite)).toBe(true);
      expect(findings.length).toBeGreaterThan(1);
      for (const text of findings) {
        expect(text).toMatch(/[.)]$/);
        expect(text).not.toMatch(/undefined|NaN|null|Infinity/);
      }
      const svg = await drawSvg(picture);
      expect(svg).toMatch(/^<svg/);
      expect(svg).not.toMatch(/NaN|undefined/);
      if (studyNamed(name).takes.includes('data')) {
        expect(seen.share).toBe(1);
        expect(seen.notes.length).toBeGreaterThan(0);
      }
    },
  );

  it('comes out the same again', async () => {
    const [first, second] = [await run('augmentation'), await run('augmentation')];
    expect(second.rows).toEqual(first.rows);
  });
});

describe('gradients', () => {
  it('vanish with sigmoids and not with the others', async () => {
    const { rows, series } = await run('gradients');
    const ratioOf = (variant: string) =>
      rows.filter((row) => row.variant === variant).map(({ ratio }) => Number(ratio));
    for (const sigmoid of ratioOf('sigmoid')) {
      for (const other of [...ratioOf('ReLU'), ...ratioOf('sigmoid, batch norm')]) {
        expect(sigmoid).toBeLessThan(other / 30);
      }
    }
    expect(series).toHaveLength(2 * 5 * 2 * 6);
  });
});

describe('options', () => {
  const { options } = studyNamed('degradation');

  it('are those given, else those of --quick, else the defaults', () => {
    expect(studyValues(options, {}, false)).toMatchObject({ width: 8, depths: [8, 14, 20, 32] });
    expect(studyValues(options, { width: 5 }, true)).toMatchObject({ width: 5, batch: 32 });
  });

  it.each([
    [{ epochs: 0 }, '--epochs must be a whole number, 1 or more (it is 0)'],
    [{ trainSize: 1.5 }, '--train-size must be a whole number, 1 or more (it is 1.5)'],
    [{ depths: [8, 2] }, '--depths must be a list, each a whole number, 8 or more (it is 8,2)'],
    [{ lr: -1 }, '--lr must be a number, 0 or more (it is -1)'],
  ])('%j is refused', (given, message) => {
    expect(() => studyValues(options, given, false)).toThrow(message);
  });

  it('are checked by the study where more must hold', async () => {
    const context = contextOf({ share: 0, notes: [] });
    const refused = (name: string, given: object) => {
      const study = studyNamed(name);
      return expect(study.run(studyValues(study.options, { ...given }, true), context)).rejects;
    };
    await refused('degradation', { depths: [9] }).toThrow('any other 6·n + 2 (it has 9)');
    await refused('kernels', { width: 14 }).toThrow('--width must be a multiple of 12');
  });
});
