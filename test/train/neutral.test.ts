import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('src/train/index.ts bundles for the browser: nothing in it needs Node', async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../src/train/index.ts', import.meta.url))],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    logLevel: 'silent',
    // Loaded when they are needed, and no business of the loop.
    external: ['vega', 'vega-lite', '../engines/*'],
  });
  expect(outputFiles[0]!.text).not.toMatch(/\bprocess\.|\bBuffer\b|from "node:/);
});
