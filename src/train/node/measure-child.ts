// Measures one network in a process of its own: told what by a message, it answers with messages
// about its progress and with the result or the error.
import { FoveaError } from '../../graph/index.ts';
import { measure } from '../measure.ts';
import { selectEngine } from './engines.ts';
import type { ChildMessage, ChildTask } from './measure-process.ts';

const send = (message: ChildMessage): Promise<void> =>
  new Promise((resolve) => process.send!(message, () => resolve()));

async function run({ engine: name, threads, ...options }: ChildTask): Promise<ChildMessage> {
  const { engine } = await selectEngine(name, { threads, precision: options.precision });
  try {
    const onProgress = (share: number) => void send({ kind: 'progress', share });
    const measurement = await measure(engine, { ...options, onProgress });
    const peakBytes = 1024 * process.resourceUsage().maxRSS;
    const { name: used, description } = engine;
    return { kind: 'result', result: { ...measurement, engine: used, description, peakBytes } };
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

// Whoever asked has gone.
process.once('disconnect', () => process.exit());
process.once('message', async (task) => {
  try {
    await send(await run(task as ChildTask));
  } catch (error) {
    const { name, message, stack } = error as Error;
    await send({ kind: 'error', name, message, stack, known: error instanceof FoveaError });
  }
  process.disconnect();
});
