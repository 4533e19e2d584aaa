import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, defaultClientConditions, type InlineConfig, preview } from 'vite';
import { expect, it } from 'vitest';
import { built, execute, scriptLine, temporaryFolder } from '../cli/fovea.ts';

it('train-lenet', async () => {
  await using folder = await temporaryFolder();
  const script = [...scriptLine('examples/train-lenet.ts'), '1'];
  const { code, stdout, stderr } = await execute(script, { cwd: folder.path });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^epoch 1: loss \d\.\d+, test accuracy 0\.\d+$/m);
  expect(stdout).toMatch(/^it takes a .* for a .* \(p = 0\.\d+\)$/m);
  expect(await readdir(join(folder.path, 'runs', 'lenet'))).toContain('best.safetensors');
});

it('custom-layer', async () => {
  const { code, stdout, stderr } = await execute([...scriptLine('examples/custom-layer.ts'), '1']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^epoch 1: accuracy 0\.\d+, test accuracy 0\.\d+$/m);
});

const browser = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'].find(
  (path) => existsSync(path),
);
if (browser === undefined) console.log('examples/browser is not run: there is no Chromium here');

it.skipIf(browser === undefined)('browser', async () => {
  await using folder = await temporaryFolder();
  const root = fileURLToPath(new URL('../../examples/browser/', import.meta.url));
  const options = {
    root,
    logLevel: 'error' as const,
    build: { outDir: folder.path, emptyOutDir: true },
    resolve: { conditions: [...(built ? [] : ['fovea-source']), ...defaultClientConditions] },
  } satisfies InlineConfig;
  await build(options);
  const server = await preview({ ...options, preview: { port: 0, host: '127.0.0.1' } });
  const chrome = await chromium.launch({ executablePath: browser!, args: ['--no-sandbox'] });
  try {
    const page = await chrome.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${server.resolvedUrls!.local[0]}?epochs=1`);
    const link = page.getByText('Save the trained network');
    const state = page.locator('#state');
    await Promise.race([
      link.waitFor({ timeout: 50_000 }),
      state.filter({ hasText: /HTTP|error/i }).waitFor({ timeout: 50_000 }),
    ]);
    expect({ state: await state.textContent(), errors }).toEqual({ state: 'done', errors: [] });
    const log = await page.locator('#log').textContent();
    expect(log).toMatch(/^wasm: \d+ threads?, .*\n/);
    expect(log).not.toContain('not cross-origin isolated');
    expect(log).toMatch(/^epoch 1: test accuracy 0\.\d+$/m);
  } finally {
    await chrome.close();
    await server.close();
  }
});
