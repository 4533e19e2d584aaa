import {
  type EngineChoice,
  type EngineOptions,
  type EngineRow,
  portableEngines,
  selectEngine as selectFrom,
} from '../engines.ts';

/** Engines of Node, fastest first. */
const rows: readonly EngineRow[] = [
  {
    name: 'onednn',
    start: async (threads) => {
      const { onednnEngine } = await import('../../engines/onednn/engine.ts');
      return onednnEngine(threads === undefined ? {} : { threads });
    },
  },
  ...portableEngines,
];

export const engineNames: readonly string[] = rows.map(({ name }) => name);

/**
 * Starts an engine by name; 'auto' takes the fastest that works.
 *
 * @throws UsageError for an unknown name
 * @throws EngineError when it does not work here, with what was tried
 */
export const selectEngine = (name: string, options: EngineOptions = {}): Promise<EngineChoice> =>
  selectFrom(name, options, rows);
