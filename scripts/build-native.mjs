// Builds the native engine with the system's C++ compiler, where compiler and oneDNN are there. Where
// they are not, says in one line what is missing and how to get it, and ends well: the package works
// without it.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const native = join(root, 'native');
// In the repository beside the sources, in the published package beside what was built from them.
const home = ['src', 'dist'].find((place) => existsSync(join(root, place, 'engines', 'onednn')));
const folder = join(root, home ?? 'dist', 'engines', 'onednn', 'build');
const target = join(folder, 'fovea-onednn.node');

const files = (dir) =>
  readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? files(join(dir, entry.name)) : [join(dir, entry.name)],
  );
const newest = (list) => Math.max(...list.map((file) => statSync(file).mtimeMs));

const compiler = () =>
  [process.env.CXX, 'c++', 'g++', 'clang++'].find(
    (name) => name && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );

/** Flags for a library in a place of its own: `DNNL_ROOT`, Homebrew, conda. */
function places() {
  const known = [process.env.DNNL_ROOT, process.env.CONDA_PREFIX, '/opt/homebrew', '/usr/local'];
  const at = known.find((dir) => dir && existsSync(join(dir, 'include/oneapi/dnnl/dnnl.hpp')));
  return at === undefined
    ? { compile: [], link: [] }
    : { compile: [`-I${at}/include`], link: [`-L${at}/lib`, `-Wl,-rpath,${at}/lib`] };
}

function headers() {
  const require = createRequire(import.meta.url);
  return require('node-api-headers').include_dir;
}

/** Runs compilers, as many at a time as there are processors. */
async function runAll(cxx, jobs) {
  const queue = [...jobs];
  const failed = [];
  const next = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const status = await new Promise((done) => {
        const child = spawn(cxx, job, { stdio: ['ignore', 'inherit', 'inherit'] });
        child.on('error', () => done(1));
        child.on('close', done);
      });
      if (status !== 0) failed.push(job.at(-3));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism()) }, next));
  return failed;
}

const say = (line) => console.log(`native engine: ${line}`);
const remedy = {
  linux: 'apt-get install g++ libdnnl-dev (Debian, Ubuntu), or conda install onednn',
  darwin: 'xcode-select --install, and brew install onednn libomp',
}[process.platform];

/** Whether a program that uses the library compiles, and links. */
function works(cxx, flags, link) {
  const source = join(tmpdir(), `fovea-probe-${process.pid}.cc`);
  const out = join(tmpdir(), `fovea-probe-${process.pid}`);
  writeFileSync(
    source,
    '#include <oneapi/dnnl/dnnl.hpp>\nint main() { return dnnl::version()->major < 2; }\n',
  );
  try {
    return (
      spawnSync(cxx, ['-std=c++17', ...flags, source, '-o', out, ...link], { stdio: 'ignore' })
        .status === 0
    );
  } finally {
    rmSync(source, { force: true });
    rmSync(out, { force: true });
  }
}

async function main() {
  if (remedy === undefined) return say(`not built: ${process.platform} is not supported`);
  const sources = files(native);
  const self = fileURLToPath(import.meta.url);
  if (existsSync(target) && statSync(target).mtimeMs > newest([...sources, self])) return;
  const cxx = compiler();
  if (cxx === undefined) return say(`not built: no C++ compiler; to get it: ${remedy}`);
  const where = places();
  const openmp = process.platform === 'darwin' ? ['-Xpreprocessor', '-fopenmp'] : ['-fopenmp'];
  const link = [...where.link, '-ldnnl', process.platform === 'darwin' ? '-lomp' : '-fopenmp'];
  if (!works(cxx, where.compile, link))
    return say(`not built: oneDNN is missing; to get it: ${remedy}`);

  const objects = join(folder, 'objects');
  mkdirSync(objects, { recursive: true });
  const common = [
    ...[
      '-std=c++17',
      '-fPIC',
      '-fvisibility=hidden',
      '-Wall',
      '-Wextra',
      '-Wno-missing-field-initializers',
    ],
    ...openmp,
    `-I${headers()}`,
    ...where.compile,
  ];
  // Our own loops may be compiled for newer processors: they are chosen at run time.
  const loops = ['-O3', '-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast'];
  const sets = {
    'avx2.cc': ['-mavx2', '-mfma'],
    'avx512.cc': [
      '-mavx512f',
      '-mavx512bw',
      '-mavx512dq',
      '-mavx512vl',
      '-mfma',
      '-mprefer-vector-width=512',
    ],
  };
  const object = (file) => join(objects, `${basename(dirname(file))}-${basename(file, '.cc')}.o`);
  const units = sources.filter(
    (file) => file.endsWith('.cc') && (process.arch === 'x64' || !(basename(file) in sets)),
  );
  const headerTime = newest([...sources.filter((file) => !file.endsWith('.cc')), self]);
  const stale = units.filter(
    (file) =>
      !existsSync(object(file)) ||
      statSync(object(file)).mtimeMs < Math.max(headerTime, statSync(file).mtimeMs),
  );
  const failed = await runAll(
    cxx,
    stale.map((file) => {
      const own =
        basename(dirname(file)) === 'kernels'
          ? [...loops, ...(sets[basename(file)] ?? [])]
          : ['-O2'];
      return [...common, ...own, '-c', file, '-o', object(file)];
    }),
  );
  if (failed.length > 0)
    return say(`not built: ${failed.map((file) => basename(file)).join(', ')} did not compile`);
  const temporary = `${target}.${process.pid}`;
  const shared =
    process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  const linked = spawnSync(cxx, [...shared, ...units.map(object), '-o', temporary, ...link], {
    stdio: 'inherit',
  });
  if (linked.status !== 0) return say('not built: it did not link');
  renameSync(temporary, target);
  say('built');
}

await main();
