import type { Engine } from '../engines/engine.ts';
import { EngineError, UsageError } from '../graph/errors.ts';
import { didYouMean } from '../graph/suggest.ts';

export interface EngineOptions {
  /** As many as the machine has by default. */
  readonly threads?: number | undefined;
}

export interface EngineChoice {
  readonly engine: Engine;
  /** Which engine, and why: one line. */
  readonly reason: string;
}

interface EngineRow {
  readonly name: string;
  readonly start: (options: EngineOptions) => Promise<Engine>;
  /** Never chosen by 'auto'. */
  readonly onlyByName?: boolean;
}

/** Fastest first. Only the one that is taken is loaded. */
const rows: readonly EngineRow[] = [
  {
    name: 'wasm',
    start: async ({ threads }) => {
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

export const engineNames: readonly string[] = rows.map(({ name }) => name);

/**
 * Starts an engine by name; 'auto' takes the fastest that works.
 *
 * @throws UsageError for an unknown name
 * @throws EngineError when it does not work here, with what was tried
 */
export async function selectEngine(
  name: string,
  options: EngineOptions = {},
): Promise<EngineChoice> {
  if (name !== 'auto') {
    const row = rows.find((known) => known.name === name);
    if (row === undefined) {
      const names = ['auto', ...engineNames];
      throw new UsageError(
        `unknown engine "${name}"${didYouMean(name, names)}; there are ${names.join(', ')}`,
      );
    }
    const engine = await row.start(options);
    return { engine, reason: `${engine.description} (asked for)` };
  }
  const failures: string[] = [];
  for (const row of rows) {
    if (row.onlyByName) continue;
    try {
      const engine = await row.start(options);
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
