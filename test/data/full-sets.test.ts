// Runs on the complete datasets in ../shared/data where they are there.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { datasetEntry, loader } from '../../src/data/index.ts';
import { loadDataset } from '../../src/data/node.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const dataDir = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

function available(name: string): boolean {
  const there = existsSync(join(dataDir, name));
  if (!there) console.log(`skipped: ${join(dataDir, name)} is not there`);
  return there;
}

describe.each(['mnist', 'fashion-mnist'])('%s', (name) => {
  it.skipIf(!available(name)).each(['train', 'test'] as const)('loads %s', async (split) => {
    const notices: string[] = [];
    const entry = datasetEntry(name);
    const dataset = await loadDataset(name, split, {
      dataDir,
      onNotice: (line) => notices.push(line),
    });
    expect(dataset.length).toBe(entry.splits[split].length);
    expect(notices).toEqual([]);
    if (split === 'test') return;

    let [sum, squares] = [0, 0];
    for (const pixel of dataset.images) {
      sum += pixel / 255;
      squares += (pixel / 255) ** 2;
    }
    const mean = sum / dataset.images.length;
    expect(mean).toBeCloseTo(entry.normalization!.mean[0]!, 4);
    expect(Math.sqrt(squares / dataset.images.length - mean ** 2)).toBeCloseTo(
      entry.normalization!.std[0]!,
      4,
    );

    let seen = 0;
    for await (const batch of loader(dataset, { batchSize: 256, shuffle: true }).epoch(0)) {
      seen += batch.count;
    }
    expect(seen).toBe(60_000);
  });
});

describe('make-sample', () => {
  it.skipIf(!available('fashion-mnist'))(
    'makes the shipped files again',
    { timeout: 60_000 },
    () => {
      const out = mkdtempSync(join(tmpdir(), 'fovea-sample-'));
      try {
        const script = join(repository, 'scripts', 'make-sample.ts');
        const args = ['--import', 'tsx', script, '--data-dir', dataDir, '--out', out];
        execFileSync(process.execPath, args, { cwd: repository });
        for (const { images, labels } of Object.values(
          datasetEntry('fashion-mnist-sample').splits,
        )) {
          for (const { name } of [images, labels]) {
            const shipped = join(repository, 'data', 'fashion-mnist-sample', `${name}.gz`);
            const made = gunzipSync(readFileSync(join(out, `${name}.gz`)));
            expect(made.equals(gunzipSync(readFileSync(shipped)))).toBe(true);
          }
        }
      } finally {
        rmSync(out, { recursive: true });
      }
    },
  );
});
