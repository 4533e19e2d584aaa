// Makes data/fashion-mnist-sample: an equal number of images of each class from the full
// Fashion-MNIST, chosen by Philox, in the order of the original. The same files on every machine.
//
//   npx tsx scripts/make-sample.ts [--data-dir ../shared/data] [--out data/fashion-mnist-sample]

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { datasetEntry, encodeIdx, type InMemoryDataset, shuffledOrder } from '../src/data/index.ts';
import { loadDataset } from '../src/data/node.ts';

const SEED = 0;
const SPLITS = ['train', 'test'] as const;

/** Indices of `perClass` samples of each class, ascending. */
function stratified({ classes, labels, length }: InMemoryDataset, perClass: number): Uint32Array {
  const wanted = classes.map(() => perClass);
  const chosen = shuffledOrder(length, SEED, 0).filter((index) => wanted[labels[index]!]!-- > 0);
  if (chosen.length !== classes.length * perClass) throw new Error('a class has too few samples');
  return chosen.sort();
}

function writeGzip(path: string, plain: Uint8Array): void {
  const packed = gzipSync(plain, { level: 9, memLevel: 9 });
  // The header names the operating system (RFC 1952, byte 9): 255 is "unknown".
  packed[9] = 255;
  writeFileSync(path, packed);
  console.log(`${path}: ${packed.length} bytes`);
}

const { values } = parseArgs({
  options: {
    'data-dir': { type: 'string', default: '../shared/data' },
    out: { type: 'string', default: 'data/fashion-mnist-sample' },
  },
});
mkdirSync(values.out, { recursive: true });
const entry = datasetEntry('fashion-mnist-sample');

for (const split of SPLITS) {
  const full = await loadDataset('fashion-mnist', split, { dataDir: values['data-dir'] });
  const { length, images, labels } = entry.splits[split];
  const indices = stratified(full, length / full.classes.length);
  const [, h, w] = full.shape;
  const pixels = new Uint8Array(length * h * w);
  const classes = new Int32Array(length);
  full.gather(indices, pixels, classes);
  writeGzip(
    join(values.out, `${images.name}.gz`),
    encodeIdx({ shape: [length, h, w], data: pixels }),
  );
  writeGzip(
    join(values.out, `${labels.name}.gz`),
    encodeIdx({ shape: [length], data: Uint8Array.from(classes) }),
  );
}
