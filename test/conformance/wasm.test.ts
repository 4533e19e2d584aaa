import { existsSync } from 'node:fs';
import { test } from 'vitest';
import { wasmEngine } from '../../src/engines/wasm/index.ts';
import { conformance } from './run.ts';

const build = new URL('../../src/engines/wasm/build/', import.meta.url);
const missing = ['kernels.wasm', 'kernels-relaxed.wasm', 'worker.js'].filter(
  (name) => !existsSync(new URL(name, build)),
);

if (missing.length > 0) {
  const reason = `src/engines/wasm/build lacks ${missing.join(', ')}; run "npm run build"`;
  test(`wasm: ${reason}`, (context) => context.skip(reason));
} else {
  conformance('wasm, 1 thread', () => wasmEngine({ threads: 1, relaxed: false }));
  conformance('wasm, 2 threads', () => wasmEngine({ threads: 2, relaxed: false }));
  conformance('wasm, 2 threads, relaxed', () => wasmEngine({ threads: 2, relaxed: true }));
}
