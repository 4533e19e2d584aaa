import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { EngineError, FormatError, UsageError } from '../../graph/errors.ts';
import { type CacheMemory, cacheIndex, cacheMemory } from '../image-cache.ts';
import { type FilePreparation, type PreparedDataset, preparedDataset } from '../prepared.ts';
import type { ImageFiles } from './files.ts';
import { type FileJob, openJob } from './prepare-files.ts';
import type { FromWorker, ToWorker } from './worker.ts';

export interface PoolOptions {
  /** Threads; 0: decoding still runs beside this thread, augmentation in it. Default: one a core, up to 4. */
  readonly workers?: number | undefined;
  /** Bytes of memory for decoded pictures. Default 0. */
  readonly cacheBytes?: number | undefined;
}

/** Threads that prepare image files, and a cache that they share. */
export interface FilePool extends AsyncDisposable {
  readonly workers: number;
  /**
   * Files as images of one shape.
   *
   * @throws UsageError when the preparation cannot be carried out
   */
  dataset(files: ImageFiles, preparation: FilePreparation): PreparedDataset;
}

const defaultWorkers = (): number => Math.min(4, availableParallelism());

/** A pool whose threads start with the first dataset. They end when it is disposed of. */
export function filePool(options: PoolOptions = {}): FilePool {
  const { workers = defaultWorkers(), cacheBytes = 0 } = options;
  const memory: CacheMemory = cacheMemory(cacheBytes);
  const job = (files: ImageFiles, preparation: FilePreparation): FileJob => ({
    files,
    preparation,
    cache: memory.chunks.length > 0 ? { memory, index: cacheIndex(files.length) } : undefined,
  });
  if (workers === 0) {
    return {
      workers,
      dataset: (files, preparation) => preparedDataset(...openJob(job(files, preparation))),
      async [Symbol.asyncDispose]() {},
    };
  }

  const threads = startThreads(workers);
  let datasets = 0;
  return {
    workers,
    dataset(files, preparation) {
      const number = datasets++;
      const described = job(files, preparation);
      // What is wrong with it is said here.
      openJob(described);
      threads.tell({ kind: 'open', dataset: number, job: described });
      const { name, classes, labels, length } = files;
      return {
        ...{ name, classes, labels, length },
        shape: preparation.shape,
        shared: true,
        fill(request) {
          if (!(request.images.buffer instanceof SharedArrayBuffer)) {
            throw new UsageError(`${name}: batches for other threads must lie in shared memory`);
          }
          return threads.ask((task) => ({
            ...{ kind: 'fill', task, dataset: number, request },
            next: new Int32Array(new SharedArrayBuffer(4)),
          }));
        },
        async [Symbol.asyncDispose]() {},
      };
    },
    [Symbol.asyncDispose]: threads.end,
  };
}

interface Waiting {
  /** Threads that have not said that they are done. */
  left: number;
  failure: FromWorker['failure'];
  resolve(): void;
  reject(error: Error): void;
}

function startThreads(count: number) {
  const waiting = new Map<number, Waiting>();
  let tasks = 0;
  let broken: Error | undefined;
  let ended = false;

  const fail = (reason: string) => {
    if (ended) return;
    broken ??= new EngineError(
      `a thread that prepares images ${reason}; start again, perhaps with --workers 0`,
    );
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  };

  const all = Array.from({ length: count }, () => {
    const worker = startWorker();
    worker.on('message', ({ task, failure }: FromWorker) => {
      const found = waiting.get(task);
      if (!found) return;
      found.failure ??= failure;
      if (--found.left > 0) return;
      waiting.delete(task);
      if (waiting.size === 0) hold(false);
      if (found.failure) found.reject(errorOf(found.failure));
      else found.resolve();
    });
    worker.on('error', (error) => fail(`failed: ${error.message}`));
    worker.on('exit', (code) => fail(`ended with code ${code}`));
    worker.unref();
    return worker;
  });
  /** Threads keep the process alive only while something is expected of them. */
  const hold = (alive: boolean) => {
    for (const worker of all) alive ? worker.ref() : worker.unref();
  };
  const tell = (message: ToWorker) => {
    for (const worker of all) worker.postMessage(message);
  };

  return {
    tell,
    ask(message: (task: number) => ToWorker): Promise<void> {
      if (broken) return Promise.reject(broken);
      if (ended) return Promise.reject(new Error('the pool has ended'));
      const task = tasks++;
      hold(true);
      return new Promise((resolve, reject) => {
        waiting.set(task, { left: count, failure: undefined, resolve, reject });
        tell(message(task));
      });
    },
    async end() {
      ended = true;
      for (const { reject } of waiting.values()) reject(new Error('the pool has ended'));
      waiting.clear();
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}

/** The thread's program stands beside this one: built, or as TypeScript, which needs a loader. */
function startWorker(): Worker {
  const self = import.meta.url;
  if (self.endsWith('.js')) return new Worker(new URL('./worker.js', self), { execArgv: [] });
  const tsx = pathToFileURL(createRequire(self).resolve('tsx/package.json'));
  const loader = new URL('./dist/esm/api/index.mjs', tsx).href;
  const program = new URL('./worker.ts', self).href;
  const start = `import('${loader}').then((tsx) => (tsx.register(), import('${program}')))`;
  return new Worker(start, { eval: true, execArgv: [] });
}

function errorOf({ name, message }: NonNullable<FromWorker['failure']>): Error {
  if (name === 'FormatError') return new FormatError(message);
  if (name === 'UsageError') return new UsageError(message);
  return new Error(message);
}
