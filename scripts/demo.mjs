// The whole way on real data, from a fresh clone: install, build, train, evaluate, save.
import { join } from 'node:path';
import { root, run } from './lib.mjs';

run(process.execPath, ['scripts/setup.mjs']);
run(process.execPath, ['scripts/build.mjs']);
run(process.execPath, [
  join(root, 'dist', 'cli', 'main.js'),
  'train',
  ...['--model', 'lenet-modern', '--data', 'fashion-mnist-sample', '--epochs', '6'],
  ...['--batch', '64', '--lr', '0.05', '--momentum', '0.9', '--schedule', 'cosine'],
  ...process.argv.slice(2),
]);
