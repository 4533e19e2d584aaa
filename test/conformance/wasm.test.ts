import { existsSync } from 'node:fs';
import { test } from 'vitest';
import { createEngine } from '../../src/engines/wasm/engine.ts';
import { wasmEngine } from '../../src/engines/wasm/index.ts';
import { kernels } from '../../src/engines/wasm/kernels/index.ts';
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
  // The samples are small, and small steps go to one thread; here all threads share all of them.
  conformance('wasm, 3 threads that share every step', () =>
    createEngine(kernels, { threads: 3 }, true),
  );
}
