import { store, viewOf } from './arrays.ts';
import { waitWhile } from './barrier.ts';
import { mainThread } from './platform.ts';
import { createMemory, type Reply, type Request, type Run, type Start, Word } from './protocol.ts';
import { createRunner, type Failure, type Runner } from './runner.ts';

const main = mainThread();
const reply = (message: Reply, transfer?: readonly ArrayBuffer[]) => main.post(message, transfer);
const fail = ({ call, message }: Partial<Failure> & { message: string }) =>
  reply({ kind: 'failed', call, message });

/** Tells the helpers to run, runs its own share, and reports. */
function coordinate(runner: Runner, control: Int32Array, run: Run): void {
  Atomics.store(control, Word.calls, run.calls);
  Atomics.store(control, Word.from, run.from);
  Atomics.store(control, Word.timed, Number(run.timed));
  Atomics.add(control, Word.runs, 1);
  Atomics.notify(control, Word.runs);
  const failure = runner.run(run);
  // Where another thread failed, that one tells.
  if (failure === 'stopped') return;
  if (failure !== undefined) fail(failure);
  else reply({ kind: 'done', times: run.timed ? runner.times() : undefined });
}

/** What a helper does until its end: sleep, run, sleep. */
function help(runner: Runner, control: Int32Array): void {
  let failure: ReturnType<Runner['run']>;
  for (let runs = 0; failure === undefined; runs = (runs + 1) | 0) {
    waitWhile(control, Word.runs, runs);
    failure = runner.run({
      calls: Atomics.load(control, Word.calls) >>> 0,
      from: Atomics.load(control, Word.from),
      timed: Atomics.load(control, Word.timed) === 1,
    });
  }
  if (failure !== 'stopped') fail(failure);
}

async function start({ module, control, ...rest }: Start): Promise<(request: Request) => void> {
  const memory = rest.memory ?? createMemory();
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const runner = createRunner({ module, control, ...rest }, memory, instance);
  reply({ kind: 'ready' });
  if (rest.thread > 0) help(runner, control);
  return (request) => {
    switch (request.kind) {
      case 'run':
        return coordinate(runner, control, request.run);
      case 'grow':
        memory.grow(request.pages);
        return;
      case 'write':
        return store(memory, request.address, request.data);
      case 'read': {
        const { address, dtype, length } = request;
        const data = viewOf(memory, dtype, address, length).slice();
        return reply({ kind: 'data', data }, [data.buffer as ArrayBuffer]);
      }
    }
  };
}

let handle: ((request: Request) => void) | undefined;

main.listen(async (data) => {
  const request = data as Request;
  try {
    if (request.kind === 'start') handle = await start(request.start);
    else handle!(request);
  } catch (error) {
    fail({ message: error instanceof Error ? error.message : String(error) });
  }
});
