// Builds what the WASM engine loads at run time, into src/engines/wasm/build: the kernels without
// and with relaxed SIMD, and the worker. Skips what is newer than its sources.
import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, stat, utimes } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const engine = join(root, 'src/engines/wasm');
const output = join(engine, 'build');

const modified = async (path) => (await stat(path).catch(() => undefined))?.mtimeMs;

async function newest(paths) {
  return Math.max(...(await Promise.all(paths.map(modified))).map((time) => time ?? 0));
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name));
}

/** Builds `target` beside its final name, so that nobody ever reads half of it. */
async function make(target, sources, build) {
  const made = await modified(target);
  if (made !== undefined && made > (await newest(sources))) return;
  const start = new Date();
  const partial = target.replace(/(\.\w+)$/, `.${process.pid}$1`);
  await build(partial);
  // A source that changed meanwhile must count as newer.
  await utimes(partial, start, start);
  await rename(partial, target);
  console.log(`built ${relative(root, target)}`);
}

async function compileKernels(partial, features) {
  const asc = join(
    dirname(createRequire(import.meta.url).resolve('assemblyscript/package.json')),
    'bin/asc.js',
  );
  const options = [
    ...['-O3', '--noAssert', '--runtime', 'stub'],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    ...features.flatMap((feature) => ['--enable', feature]),
  ];
  const args = [asc, join(engine, 'assembly/index.ts'), '-o', partial, ...options];
  try {
    await promisify(execFile)(process.execPath, args, { cwd: root });
  } catch (error) {
    throw new Error(`the WASM kernels do not compile:\n${error.stderr || error.message}`);
  }
}

async function bundleWorker(partial) {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(engine, 'worker.ts')],
    outfile: partial,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    logLevel: 'error',
  });
}

export async function buildWasm() {
  await mkdir(output, { recursive: true });
  const self = fileURLToPath(import.meta.url);
  const assembly = [self, ...(await filesIn(join(engine, 'assembly')))];
  const scripts = await readdir(engine);
  const typescript = scripts.filter((name) => name.endsWith('.ts')).map((n) => join(engine, n));
  await Promise.all([
    make(join(output, 'kernels.wasm'), assembly, (partial) =>
      compileKernels(partial, ['simd', 'threads']),
    ),
    make(join(output, 'kernels-relaxed.wasm'), assembly, (partial) =>
      compileKernels(partial, ['simd', 'threads', 'relaxed-simd']),
    ),
    make(join(output, 'worker.js'), [self, ...typescript], bundleWorker),
  ]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildWasm();
