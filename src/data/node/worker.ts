// A thread that prepares samples straight into shared batches. Threads take rows from a common
// counter, so that none waits for another: each goes on with the next batch when a batch has no rows
// left.

import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { FoveaError } from '../../graph/errors.ts';
import { type FillRequest, type RowWriter, rowWriter } from '../prepared.ts';
import { type FileJob, openJob } from './prepare-files.ts';

/** What a thread is told. */
export type ToWorker =
  | { readonly kind: 'open'; readonly dataset: number; readonly job: FileJob }
  | {
      readonly kind: 'fill';
      readonly task: number;
      readonly dataset: number;
      readonly request: FillRequest;
      /** [1]: the next row that nobody has taken. */
      readonly next: Int32Array;
    };

/** A thread has no more to do for a task. */
export interface FromWorker {
  readonly task: number;
  readonly failure?: { readonly name: string; readonly message: string };
}

interface Task {
  readonly task: number;
  readonly request: FillRequest;
  readonly write: RowWriter;
  readonly next: Int32Array;
  running: number;
  failure?: FromWorker['failure'];
}

/** Samples in hand at once: one is decoded by libvips while another is augmented here. */
const LANES = 2;
/** Beyond any row: nobody takes another. */
const NO_MORE = 2 ** 30;

const port = parentPort!;
const writers = new Map<number, RowWriter>();
const queue: Task[] = [];
let lanes = 0;

// The threads are the parallelism; results of operations never come again.
sharp.concurrency(1);
sharp.cache(false);

port.on('message', (message: ToWorker) => {
  if (message.kind === 'open') {
    writers.set(message.dataset, rowWriter(...openJob(message.job)));
    return;
  }
  const { task, request, next } = message;
  queue.push({ task, request, next, write: writers.get(message.dataset)!, running: 0 });
  // One that finds nothing to do has ended already.
  for (let missing = LANES - lanes; missing > 0; missing--) void work();
});

/** Takes rows until there is nothing left. */
async function work(): Promise<void> {
  lanes++;
  for (let task = queue[0]; task; task = queue[0]) {
    const row = Atomics.add(task.next, 0, 1);
    if (row >= task.request.indices.length) {
      if (queue[0] === task) queue.shift();
      if (task.running === 0) done(task);
      continue;
    }
    task.running++;
    try {
      await task.write(task.request, row);
    } catch (error) {
      task.failure ??= describe(error);
      Atomics.store(task.next, 0, NO_MORE);
    }
    task.running--;
    if (task.running === 0 && !queue.includes(task)) done(task);
  }
  lanes--;
}

function done({ task, failure }: Task): void {
  port.postMessage({ task, ...(failure ? { failure } : {}) } satisfies FromWorker);
}

/** Mistakes of ours keep their trace. */
function describe(error: unknown): FromWorker['failure'] {
  if (error instanceof FoveaError) return { name: error.name, message: error.message };
  const { message, stack } = error as Error;
  return { name: 'Error', message: stack ?? message };
}
