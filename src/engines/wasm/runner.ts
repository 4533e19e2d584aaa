import { createBarrier, release } from './barrier.ts';
import { decodeCalls } from './call-list.ts';
import { type Run, type Start, Word } from './protocol.ts';

type Body = (...args: number[]) => unknown;
interface Bound {
  /** Left out where another thread makes the call. */
  readonly body: Body | undefined;
  readonly args: readonly number[];
  readonly barrier: boolean;
}

/** A call that did not return. */
export interface Failure {
  readonly call: number;
  readonly message: string;
}

export interface Runner {
  /**
   * Makes the calls of a list together with the other threads. Returns nothing when all is well,
   * 'stopped' when another thread failed.
   */
  run(run: Run): Failure | 'stopped' | undefined;
  /** Milliseconds of each call of the latest timed run. */
  times(): Float64Array;
}

/** Makes calls on one instance of the kernels. */
export function createRunner(
  { module, control, thread, threads }: Start,
  memory: WebAssembly.Memory,
  instance: WebAssembly.Instance,
): Runner {
  const bodies = WebAssembly.Module.exports(module).map(
    ({ name }) => instance.exports[name] as unknown as Body,
  );
  const barrier = createBarrier(control, threads);
  const known = new Map<number, { readonly id: number; readonly calls: readonly Bound[] }>();
  let words = new Float64Array(memory.buffer);
  let times = new Float64Array(0);

  function callsAt(address: number): readonly Bound[] {
    const start = address / 8;
    // Others may have grown the memory since; growing by nothing makes the buffer say so.
    memory.grow(0);
    if (words.byteLength < memory.buffer.byteLength) words = new Float64Array(memory.buffer);
    const id = words[start]!;
    const found = known.get(address);
    if (found?.id === id) return found.calls;
    const calls = decodeCalls(words.subarray(start)).map(({ index, args, barrier, solo }) => ({
      body: solo && thread > 0 ? undefined : bodies[index]!,
      args: solo ? [...args, 0, 1] : [...args, thread, threads],
      barrier,
    }));
    known.set(address, { id, calls });
    return calls;
  }

  return {
    times: () => times,
    run({ calls: address, from, timed }) {
      let call = from;
      try {
        const calls = callsAt(address);
        if (timed) times = new Float64Array(calls.length);
        let before = timed ? performance.now() : 0;
        for (; call < calls.length; call++) {
          const { body, args, barrier: ends } = calls[call]!;
          if (body !== undefined) Reflect.apply(body, undefined, args);
          if ((ends || timed) && !barrier()) return 'stopped';
          if (timed) {
            const now = performance.now();
            times[call] = now - before;
            before = now;
          }
        }
        return undefined;
      } catch (error) {
        Atomics.store(control, Word.failed, 1);
        release(control);
        return { call, message: error instanceof Error ? error.message : String(error) };
      }
    },
  };
}
