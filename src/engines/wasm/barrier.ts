import { Word } from './protocol.ts';

/**
 * Looks at a word this often, some microseconds, before sleeping on it. Longer looking would keep
 * the thread that is waited for off its core wherever others want the cores too.
 */
const SPINS = 2000;

function spin(control: Int32Array, word: number, value: number): boolean {
  for (let i = 0; i < SPINS; i++) if (Atomics.load(control, word) !== value) return true;
  return false;
}

/** Waits until a word of shared memory is no longer `value`; whoever changes it must notify. */
export function waitWhile(control: Int32Array, word: number, value: number): void {
  if (spin(control, word, value)) return;
  while (Atomics.load(control, word) === value) Atomics.wait(control, word, value);
}

/** Lets every thread pass that waits at the barrier. It need not wake those that still spin. */
export function release(control: Int32Array): void {
  Atomics.add(control, Word.generation, 1);
  if (Atomics.load(control, Word.sleepers) > 0) Atomics.notify(control, Word.generation);
}

/**
 * A function that returns once all threads have called it, and says whether all is well. A thread
 * that fails comes no more, but sets `Word.failed` and releases the others.
 */
export function createBarrier(control: Int32Array, threads: number): () => boolean {
  if (threads === 1) return () => true;
  return () => {
    const generation = Atomics.load(control, Word.generation);
    if (Atomics.load(control, Word.failed) !== 0) return false;
    if (Atomics.add(control, Word.arrived, 1) === threads - 1) {
      Atomics.store(control, Word.arrived, 0);
      release(control);
    } else if (!spin(control, Word.generation, generation)) {
      Atomics.add(control, Word.sleepers, 1);
      while (Atomics.load(control, Word.generation) === generation) {
        Atomics.wait(control, Word.generation, generation);
      }
      Atomics.sub(control, Word.sleepers, 1);
    }
    return Atomics.load(control, Word.failed) === 0;
  };
}
