import type { Engine } from '../engines/engine.ts';
import { didYouMean, EngineError, type Precision, UsageError } from '../graph/index.ts';

export interface EngineOptions {
  /** As many as the machine has by default. */
  readonly threads?: number | undefined;
  /** What the engine must be able to compute in; float32 by default. */
  readonly precision?: Precision | undefined;
}

export interface EngineChoice {
  readonly engine: Engine;
  /** Which engine, and why: one line. */
  readonly reason: string;
}

export interface EngineRow {
  readonly name: string;
  readonly start: (threads: number | undefined) => Promise<Engine>;
  /** Never chosen by 'auto'. */
  readonly onlyByName?: boolean;
}

/** Engines that run anywhere, fastest first. Only the one that is taken is loaded. */
export const portableEngines: readonly EngineRow[] = [
  {
    name: 'wasm',
    start: async (threads) => {
      const { wasmEngine } = await import('../engines/wasm/index.ts');
      return wasmEngine(threads === undefined ? {} : { threads });
    },
  },
  {
    name: 'reference',
    start: async () => (await import('../engines/reference/engine.ts')).referenceEngine(),
    onlyByName: true,
  },
];

/**
 * Starts an engine by name; 'auto' takes the fastest that works.
 *
 * @throws UsageError for an unknown name
 * @throws EngineError when it does not work here, with what was tried
 */
export async function selectEngine(
  name: string,
  { threads, precision }: EngineOptions = {},
  rows: readonly EngineRow[] = portableEngines,
): Promise<EngineChoice> {
  const start = async (row: EngineRow): Promise<Engine> => {
    const engine = await row.start(threads);
    if (precision !== 'bfloat16' || engine.bfloat16) return engine;
    await engine[Symbol.asyncDispose]();
    throw new EngineError(
      `${row.name}: does not compute in bfloat16 here; that takes onednn and a processor with bfloat16 instructions; leave --precision out`,
    );
  };
  if (name !== 'auto') {
    const row = rows.find((known) => known.name === name);
    if (row === undefined) {
      const names = ['auto', ...rows.map((known) => known.name)];
      throw new UsageError(
        `unknown engine "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`,
      );
    }
    const engine = await start(row);
    return { engine, reason: `${engine.description} (asked for)` };
  }
  const failures: string[] = [];
  for (const row of rows) {
    if (row.onlyByName) continue;
    try {
      const engine = await start(row);
      const why = ['the fastest that works here', ...failures].join('; ');
      return { engine, reason: `${engine.description} (${why})` };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      failures.push(`not ${row.name}: ${error.message}`);
    }
  }
  throw new EngineError(
    `no engine works here (${failures.join('; ')}); --engine reference always does, slowly`,
  );
}
