// Trains on stripes in the folder given, or goes on with the run that is there; the parent kills it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createRunFolder, loadCheckpoint, openRunFolder } from '../../src/train/node/run-folder.ts';
import { childOptions, trainStripes } from './tiny.ts';

const folder = process.argv[2]!;
const resumed = existsSync(join(folder, 'last.safetensors'));
const store = resumed ? await openRunFolder(folder) : await createRunFolder(folder, true);
const from = resumed
  ? { checkpoint: await loadCheckpoint(folder, 'last'), source: folder }
  : undefined;
await trainStripes(childOptions, store, { onStart: () => process.stdout.write('started\n') }, from);
