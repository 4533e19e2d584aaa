// Everything: set-up, build, format, lint with import rules, types, all tests with coverage.
//   npm test [-- FILTER …]   with a filter, only the matching test files, without coverage

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './lib.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
const filters = process.argv.slice(2);

run(process.execPath, ['scripts/setup.mjs', '--browser']);
run(process.execPath, ['scripts/build.mjs']);
if (filters.length === 0) {
  say('Format, lint, import rules …');
  run(bin('biome'), ['check', '--error-on-warnings', '.']);
  say('Types …');
  run(bin('tsc'), ['--noEmit']);
}

const report = join(root, 'coverage', 'results.json');
rmSync(report, { force: true });
const { status } = spawnSync(
  bin('vitest'),
  [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile=${report}`,
    ...(filters.length === 0 ? ['--coverage'] : filters),
  ],
  { cwd: root, stdio: 'inherit' },
);
const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(
  readFileSync(report, 'utf8'),
);
say(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
process.exit(status ?? 1);
