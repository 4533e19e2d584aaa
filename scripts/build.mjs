// Builds everything that is older than its sources: WASM kernels, native addon, JavaScript.
import { chmodSync, cpSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { newest, root, run } from './lib.mjs';

const node = (script) => run(process.execPath, [join('scripts', script)]);
node('build-wasm.mjs');
node('build-native.mjs');

const dist = join(root, 'dist');
const stamp = join(dist, '.stamp');
const sources = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];
const built = newest(stamp);
const artefacts = ['wasm', 'onednn'].map((engine) => join('engines', engine, 'build'));
const latest = Math.max(
  ...sources.map((source) => newest(join(root, source))),
  ...artefacts.map((folder) => newest(join(root, 'src', folder))),
);
if (built < latest) {
  rmSync(dist, { recursive: true, force: true });
  run(process.execPath, [
    join('node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json',
  ]);
  for (const folder of artefacts) {
    const from = join(root, 'src', folder);
    const filter = (path) => basename(path) !== 'objects';
    if (existsSync(from)) cpSync(from, join(dist, folder), { recursive: true, filter });
  }
  chmodSync(join(dist, 'cli', 'main.js'), 0o755);
  writeFileSync(stamp, '');
}
