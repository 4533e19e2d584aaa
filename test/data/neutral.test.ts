import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

describe('src/data/index.ts', () => {
  it('bundles for the browser: nothing in it needs Node', async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../../src/data/index.ts', import.meta.url))],
      bundle: true,
      platform: 'browser',
      format: 'esm',
      write: false,
      logLevel: 'silent',
    });
    expect(outputFiles[0]!.text).not.toMatch(/\bprocess\b|\bBuffer\b/);
  });
});
