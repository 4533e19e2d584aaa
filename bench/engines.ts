import type { Engine } from '../src/engines/engine.ts';
import { EngineError, type Precision } from '../src/graph/index.ts';

/** `wasm-no-relaxed` is the WASM engine as runtimes without fused multiply-add have it. */
export const engineNames = ['wasm', 'wasm-no-relaxed', 'onednn'] as const;
export type EngineName = (typeof engineNames)[number];

/** Whether the command line knows it. */
export const isChoosable = (name: EngineName): boolean => name !== 'wasm-no-relaxed';
export const isWasm = (name: EngineName): boolean => name.startsWith('wasm');

async function open(name: EngineName, threads: number): Promise<Engine> {
  if (name === 'onednn') {
    const { onednnEngine } = await import('../src/engines/onednn/engine.ts');
    return onednnEngine({ threads }) as Promise<Engine>;
  }
  const { wasmEngine } = await import('../src/engines/wasm/index.ts');
  return wasmEngine({ threads, relaxed: name === 'wasm' });
}

/** Engines by name and number of threads, opened when first asked for. */
export interface Engines extends AsyncDisposable {
  get(name: EngineName, threads: number): Promise<Engine>;
}

export function createEngines(): Engines {
  const opened = new Map<string, Promise<Engine>>();
  return {
    get(name, threads) {
      const key = `${name} ${threads}`;
      const engine = opened.get(key) ?? open(name, threads);
      opened.set(key, engine);
      return engine;
    },
    async [Symbol.asyncDispose]() {
      const results = await Promise.allSettled(opened.values());
      for (const result of results) {
        if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
      }
    },
  };
}

/** What an engine computes in here, or why it does not work. */
export async function precisionsOf(name: EngineName): Promise<readonly Precision[] | string> {
  try {
    await using engine = await open(name, 1);
    return engine.bfloat16 ? ['float32', 'bfloat16'] : ['float32'];
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}
