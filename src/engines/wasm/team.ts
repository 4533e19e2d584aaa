import { type DType, EngineError, type NumberArray } from '../../graph/index.ts';
import { store, viewOf } from './arrays.ts';
import { startWorker, type WorkerHandle } from './platform.ts';
import {
  CONTROL_WORDS,
  createMemory,
  INITIAL_PAGES,
  PAGE,
  type Reply,
  type Request,
  type Run,
} from './protocol.ts';

/** A call of a run trapped. */
export class TrapError extends Error {
  readonly call: number;
  constructor(call: number, message: string) {
    super(message);
    this.call = call;
  }
}

/**
 * The workers of an engine and their memory, as the main thread sees them. Requests are carried
 * out in order. Where memory is shared the main thread writes and reads it itself, which it must
 * not do during a run.
 */
export interface Team {
  readonly threads: number;
  /** Bytes that are addressable. */
  readonly reserved: number;
  /** Makes at least so many bytes addressable. Throws RangeError when the system has no more. */
  reserve(bytes: number): void;
  write(address: number, data: NumberArray): void;
  read(address: number, dtype: DType, length: number): Promise<NumberArray>;
  /** Resolves with milliseconds of each call when they are timed. */
  run(run: Run): Promise<Float64Array | undefined>;
  /** Calls an export on the main thread: only for functions of numbers that use no memory. */
  measure(name: string, ...args: readonly number[]): number;
  close(): Promise<void>;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

const workerUrl = () => new URL('./build/worker.js', import.meta.url);

/** Starts the workers. With `shared` false there must be one, which has the memory to itself. */
export async function startTeam(
  module: WebAssembly.Module,
  threads: number,
  shared: boolean,
): Promise<Team> {
  const memory = reserveMemory();
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const Buffer = shared ? SharedArrayBuffer : ArrayBuffer;
  const control = new Int32Array(new Buffer(CONTROL_WORDS * 4));
  const workers: WorkerHandle[] = [];
  const waiting: Waiting[] = [];
  let failure: Error | undefined;
  let pages = INITIAL_PAGES;

  function fail(error: Error): void {
    failure ??= new EngineError(`wasm: the engine has stopped (${error.message}); create another`);
    for (const { reject } of waiting.splice(0)) reject(error);
    for (const worker of workers) worker.terminate();
  }

  function receive(reply: Reply): void {
    if (reply.kind === 'failed') {
      const { call, message } = reply;
      fail(call === undefined ? workerFailed(message) : new TrapError(call, message));
      return;
    }
    waiting.shift()?.resolve(reply);
    if (waiting.length === 0) for (const worker of workers) worker.hold(false);
  }

  function expect<K extends Reply['kind']>(_kind: K): Promise<Extract<Reply, { kind: K }>> {
    return new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      workers[0]!.hold(true);
      waiting.push({ resolve: resolve as Waiting['resolve'], reject });
    });
  }

  const post = (request: Request, transfer?: readonly ArrayBuffer[]) =>
    workers[0]!.post(request, transfer);

  const ready: Promise<unknown>[] = [];
  for (let thread = 0; thread < threads; thread++) {
    workers.push(
      startWorker(workerUrl(), {
        message: (data) => receive(data as Reply),
        failure: (message) => fail(workerFailed(message)),
      }),
    );
    ready.push(expect('ready'));
    workers[thread]!.post({
      kind: 'start',
      start: { module, memory: shared ? memory : undefined, control, thread, threads },
    } satisfies Request);
  }
  await Promise.all(ready);

  return {
    threads,
    get reserved() {
      return pages * PAGE;
    },
    reserve(bytes) {
      const more = Math.ceil(bytes / PAGE) - pages;
      if (more <= 0) return;
      if (shared) memory.grow(more);
      else post({ kind: 'grow', pages: more });
      pages += more;
    },
    write(address, data) {
      if (shared) store(memory, address, data);
      else post({ kind: 'write', address, data });
    },
    async read(address, dtype, length) {
      if (shared) return viewOf(memory, dtype, address, length).slice();
      post({ kind: 'read', address, dtype, length });
      return (await expect('data')).data;
    },
    async run(run) {
      if (failure !== undefined) throw failure;
      post({ kind: 'run', run });
      return (await expect('done')).times;
    },
    measure: (name, ...args) => (exports[name] as (...args: readonly number[]) => number)(...args),
    async close() {
      failure ??= new EngineError('wasm: the engine was disposed of');
      for (const { reject } of waiting.splice(0)) reject(failure);
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function reserveMemory(): WebAssembly.Memory {
  try {
    return createMemory();
  } catch (cause) {
    const message = 'wasm: the system grants no address space of 4 GiB; lift its limit (ulimit -v)';
    throw new EngineError(message, { cause });
  }
}

const workerFailed = (message: string) => new EngineError(`wasm: a worker failed: ${message}`);
