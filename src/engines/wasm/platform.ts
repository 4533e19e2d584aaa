// What differs between Node and browsers. Node's modules are asked for at run time, so that
// bundlers for the browser never see them.

const builtin: NodeJS.Process['getBuiltinModule'] | undefined =
  globalThis.process?.getBuiltinModule;

/** A worker thread as the main thread sees it. */
export interface WorkerHandle {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Whether the worker keeps the process alive. */
  hold(alive: boolean): void;
  terminate(): Promise<void>;
}

export interface WorkerEvents {
  message(data: unknown): void;
  /** It could not be loaded, threw, or ended by itself. */
  failure(message: string): void;
}

export function startWorker(url: URL, events: WorkerEvents): WorkerHandle {
  return builtin ? startNodeWorker(url, events) : startWebWorker(url, events);
}

function startNodeWorker(url: URL, events: WorkerEvents): WorkerHandle {
  const { Worker } = builtin!('node:worker_threads');
  // Loaders and debuggers of the main program have no business in it, and slow its start.
  const worker = new Worker(url, { execArgv: [] });
  worker.on('message', events.message);
  worker.on('error', (error) => events.failure(error.message));
  let ending: Promise<unknown> | undefined;
  worker.on('exit', (code) => {
    if (ending === undefined) events.failure(`it ended with code ${code}`);
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    async terminate() {
      ending ??= worker.terminate();
      await ending;
    },
  };
}

function startWebWorker(url: URL, events: WorkerEvents): WorkerHandle {
  const worker = new Worker(url, { type: 'module' });
  worker.onmessage = (event) => events.message(event.data);
  worker.onerror = (event) => events.failure(event.message || `could not load ${url}`);
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    hold() {},
    async terminate() {
      worker.terminate();
    },
  };
}

/** The main thread as a worker sees it. */
export interface MainHandle {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(handler: (data: unknown) => void): void;
}

export function mainThread(): MainHandle {
  if (builtin) {
    const port = builtin('node:worker_threads').parentPort!;
    return {
      post: (message, transfer) => port.postMessage(message, transfer),
      listen: (handler) => port.on('message', handler),
    };
  }
  const scope = globalThis as unknown as DedicatedScope;
  return {
    post: (message, transfer = []) => scope.postMessage(message, [...transfer]),
    listen(handler) {
      scope.onmessage = (event) => handler(event.data);
    },
  };
}

interface DedicatedScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** Whether workers may work on one memory. Browsers allow it to cross-origin isolated pages only. */
export const canShareMemory = (): boolean =>
  typeof SharedArrayBuffer === 'function' &&
  (builtin !== undefined || globalThis.crossOriginIsolated);

export function availableCores(): number {
  return builtin ? builtin('node:os').availableParallelism() : navigator.hardwareConcurrency;
}

/** Node 20 has relaxed SIMD behind a flag; later versions and browsers have it on. */
export function enableRelaxedSimd(): void {
  builtin?.('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd');
}

export async function readBinary(url: URL): Promise<BufferSource> {
  if (builtin && url.protocol === 'file:') return builtin('node:fs/promises').readFile(url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.arrayBuffer();
}
