import { createEngine, type WasmEngine, type WasmOptions } from './engine.ts';
import { kernels } from './kernels/index.ts';

export type { WasmEngine, WasmOptions } from './engine.ts';

/**
 * The embedded engine: WebAssembly kernels on worker threads that share one memory. In a browser
 * page that is not cross-origin isolated it computes in one worker. Throws EngineError where
 * WebAssembly or its SIMD is missing.
 */
export const wasmEngine = (options: WasmOptions = {}): Promise<WasmEngine> =>
  createEngine(kernels, options);
