import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from './chromium.ts';
import { serve } from './serve.ts';
import { trainTinyNet } from './tiny-net.ts';

const executablePath = await findChromium();
if (executablePath === undefined) {
  console.log('skipped: training in a browser (no chromium on the PATH; set FOVEA_CHROMIUM)');
}

const artefact = (name: string) => new URL(`../../src/engines/wasm/build/${name}`, import.meta.url);

async function bundle() {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  return { text: outputFiles[0]!.text, metafile };
}

describe('in a browser', () => {
  it('needs nothing from Node', async () => {
    const { metafile } = await bundle();
    const imports = Object.values(metafile.inputs).flatMap((file) => file.imports);
    const fromNode = imports.filter(
      ({ path }) => path.startsWith('node:') || builtinModules.includes(path),
    );
    expect(fromNode).toEqual([]);
  });
});

describe.skipIf(executablePath === undefined)('in Chromium', () => {
  const STEPS = 5;
  let browser: Browser;
  let script: string;
  let wanted: Awaited<ReturnType<typeof trainTinyNet>>;

  beforeAll(async () => {
    script = (await bundle()).text;
    wanted = await trainTinyNet({ threads: 2, relaxed: false }, STEPS);
    browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(() => browser?.close());

  async function trainThere(isolated: boolean, relaxed: boolean) {
    await using site = await serve(
      {
        '/': '<!doctype html><script type="module" src="/page.js"></script>',
        '/page.js': script,
        '/build/worker.js': artefact('worker.js'),
        '/build/kernels.wasm': artefact('kernels.wasm'),
        '/build/kernels-relaxed.wasm': artefact('kernels-relaxed.wasm'),
      },
      isolated,
    );
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(site.url);
    await page.waitForFunction('globalThis.trainTinyNet');
    const result = await page.evaluate<typeof wanted>(
      `trainTinyNet({ threads: 2, relaxed: ${relaxed} }, ${STEPS})`,
    );
    await page.close();
    expect(problems).toEqual([]);
    return result;
  }

  it('trains on threads, with the same numbers as Node', async () => {
    expect(wanted.losses.at(-1)).toBeLessThan(wanted.losses[0]! / 2);
    expect(await trainThere(true, false)).toEqual(wanted);
  }, 30_000);

  it('trains in one worker when the page is not cross-origin isolated', async () => {
    const { losses, description } = await trainThere(false, false);
    expect(losses).toEqual(wanted.losses);
    expect(description).toBe('wasm: 1 thread (the page is not cross-origin isolated), SIMD');
  }, 30_000);

  it('has relaxed SIMD', async () => {
    const { losses, description } = await trainThere(true, true);
    expect(description).toBe('wasm: 2 threads, relaxed SIMD');
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(wanted.losses[i]!, 4);
  }, 30_000);
});
