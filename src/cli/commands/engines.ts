import type { Command } from 'commander';
import { EngineError } from '../../graph/errors.ts';
import { engineNames, selectEngine } from '../../train/node/engines.ts';
import { addOutputOptions, createOutput, type OutputOptions } from '../output.ts';

interface EngineStatus {
  readonly name: string;
  readonly works: boolean;
  /** Version, threads and instruction set; or what is missing, and what to do. */
  readonly description: string;
}

export function define(command: Command): void {
  addOutputOptions(command).action(async (flags: OutputOptions) => {
    const output = await createOutput(flags);
    const rows: EngineStatus[] = [];
    for (const name of engineNames) {
      output.live.busy(`starting ${name}`);
      rows.push(await tryEngine(name));
    }
    output.table(
      [{ title: 'engine' }, { title: 'works here' }, { title: '', shrink: true }],
      rows.map(({ name, works, description }) => [name, works ? 'yes' : 'no', description]),
    );
    output.json({ engines: rows });
  });
}

/** Starts it: nothing else tells as surely whether it works. */
async function tryEngine(name: string): Promise<EngineStatus> {
  try {
    const { engine } = await selectEngine(name);
    await engine[Symbol.asyncDispose]();
    return { name, works: true, description: engine.description };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { name, works: false, description: error.message };
  }
}
