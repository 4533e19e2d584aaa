import type { Precision } from '../src/graph/index.ts';
import { type EngineName, type Engines, isWasm } from './engines.ts';
import { matmulSide } from './fovea.ts';
import { wasmPeak } from './wasm-peak.ts';

const SIZE = 1536;
const TRIES = 60;

/** The most an engine could do on this machine, in 10⁹ operations a second; measured once each. */
export interface Peaks {
  get(engine: EngineName, threads: number, precision: Precision): Promise<number>;
  /** All that were measured, by engine, threads and precision. */
  readonly measured: Readonly<Record<string, number>>;
}

export function createPeaks(engines: Engines): Peaks {
  const measured: Record<string, number> = {};
  const measure: Peaks['get'] = async (name, threads, precision) => {
    if (isWasm(name)) return wasmPeak(name === 'wasm', threads);
    // What its matrix product does when everything is at its best.
    const side = await matmulSide({ engine: await engines.get(name, threads), precision }, SIZE);
    try {
      return (2e-9 * SIZE ** 3) / Math.min(...(await side.run(TRIES)));
    } finally {
      await side[Symbol.asyncDispose]();
    }
  };
  return {
    measured,
    async get(engine, threads, precision) {
      const key = `${engine} ${threads} ${precision}`;
      measured[key] ??= await measure(engine, threads, precision);
      return measured[key];
    },
  };
}
