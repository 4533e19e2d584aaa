// Says when a training run of the built package has done its first step, and ends there.
//   node bench/children/first-step.mjs library|cli ENGINE THREADS OUT
import { fileURLToPath } from 'node:url';

const [how, engine, threads, out] = process.argv.slice(2);
const built = (path) => new URL(`../../dist/${path}`, import.meta.url);

function done() {
  process.stdout.write('first step done\n', () => process.exit());
}

if (how === 'library') {
  const { train } = await import(built('train/node.js'));
  const options = { model: 'lenet', data: 'fashion-mnist-sample', epochs: 1, batch: 256 };
  await train({ ...options, engine, threads: Number(threads), out }, { onStep: done });
} else {
  // The command line as on a terminal: its live line tells the steps.
  const { stderr } = process;
  Object.assign(stderr, {
    isTTY: true,
    columns: 120,
    cursorTo() {},
    clearLine() {},
    moveCursor() {},
  });
  stderr.write = (text) => {
    if (/\bstep \d+\//.test(text)) done();
    return true;
  };
  process.argv.splice(
    ...[1, Number.POSITIVE_INFINITY, fileURLToPath(built('cli/main.js')), 'train'],
    ...['--model', 'lenet', '--data', 'fashion-mnist-sample', '--epochs', '1', '--batch', '256'],
    ...['--engine', engine, '--threads', threads, '--out', out],
  );
  await import(built('cli/main.js'));
}
