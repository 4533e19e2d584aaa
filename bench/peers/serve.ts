import { createInterface } from 'node:readline';
import type { NodeRequest } from './node-peer.ts';

/** Something prepared: `step` runs it once, `output` gives first numbers of its result. */
export interface Prepared {
  step(): Promise<void> | void;
  output(): Promise<readonly number[]>;
  dispose(): Promise<void> | void;
}

/**
 * Answers requests from standard input, one line of JSON each, as torch_peer.py does. What a request
 * needs is prepared when it differs from the one before, and warmed up with one step each time.
 */
export async function serve(
  version: string,
  prepare: (request: NodeRequest) => Promise<Prepared>,
): Promise<void> {
  let prepared: Prepared | undefined;
  let current = '';

  async function answer({ steps, ...request }: NodeRequest & { readonly steps?: number }) {
    if (request.suite === 'info') return { version };
    const key = JSON.stringify(request);
    if (key !== current) {
      await prepared?.dispose();
      [prepared, current] = [undefined, ''];
      prepared = await prepare(request);
      current = key;
    }
    const { step, output } = prepared!;
    await step();
    const seconds: number[] = [];
    for (let i = 0; i < (steps ?? 1); i++) {
      const start = performance.now();
      await step();
      seconds.push((performance.now() - start) / 1000);
    }
    return { seconds, output: await output() };
  }

  for await (const line of createInterface({ input: process.stdin })) {
    let reply: object;
    try {
      reply = await answer(JSON.parse(line));
    } catch (error) {
      reply = { error: error instanceof Error ? error.message : String(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  await prepared?.dispose();
}
