// Fovea and its peers side by side: npm run bench -- --help
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './lib.mjs';

run(process.execPath, ['scripts/setup.mjs']);
run(process.execPath, ['scripts/build.mjs']);

const folder = join(root, 'bench');
const installed = join(folder, 'node_modules', '.package-lock.json');
const lock = join(folder, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  say('Installing TensorFlow.js and onnxruntime to compare with …');
  // onnxruntime's own install script fetches GPU libraries only.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', ['ci', ...flags], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) say('They could not be installed; going on without.');
}

run(process.execPath, ['--import', 'tsx', join('bench', 'main.ts'), ...process.argv.slice(2)]);
