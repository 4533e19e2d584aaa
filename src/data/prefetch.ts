/** Something to prepare before it is asked for. */
export interface Job<T> {
  /** Called at most once. */
  start(): Promise<T>;
  /** Called once at the end, when what `start` gave has settled and is no longer needed. */
  release(): void;
}

/** Runs `task` once the code that is running now has come to a stop. */
const soon: (task: () => void) => void =
  typeof setImmediate === 'function' ? setImmediate : (task) => setTimeout(task, 0);

/**
 * The results of the jobs `from` … `end` − 1, in order. While the caller is busy with one, up to
 * `ahead` further ones are prepared: never before the caller has gone to wait for something, so that
 * an engine that works in another thread is set going first. A result holds until the next is asked
 * for.
 */
export async function* prefetched<T>(
  from: number,
  end: number,
  ahead: number,
  job: (index: number) => Job<T>,
): AsyncGenerator<T, void, undefined> {
  const queue: { start(): Promise<T>; release(): Promise<void> }[] = [];

  const plan = ({ start, release }: Job<T>) => {
    let result: Promise<T> | undefined;
    return {
      start() {
        if (!result) {
          result = start();
          // Whoever awaits the result sees its failure; one that is never awaited must stay quiet.
          result.catch(() => {});
        }
        return result;
      },
      async release() {
        await result?.catch(() => {});
        release();
      },
    };
  };

  let planned = from;
  try {
    for (let index = from; index < end; index++) {
      while (planned < end && planned <= index + ahead) queue.push(plan(job(planned++)));
      const result = await queue[0]!.start();
      for (const next of queue.slice(1)) {
        soon(() => {
          if (queue.includes(next)) next.start();
        });
      }
      yield result;
      await queue.shift()!.release();
    }
  } finally {
    await Promise.all(queue.splice(0).map((left) => left.release()));
  }
}
