import { EngineError } from '../../graph/index.ts';
import { hasRelaxedSimd, hasSimd } from './features.ts';
import { enableRelaxedSimd, readBinary } from './platform.ts';

export interface Kernels {
  readonly module: WebAssembly.Module;
  readonly relaxed: boolean;
}

/** Compiles the kernels; with fused multiply-add if wanted and possible. */
export async function loadKernels(wantRelaxed: boolean): Promise<Kernels> {
  if (typeof WebAssembly !== 'object' || !hasSimd()) {
    throw new EngineError(
      'wasm: needs WebAssembly with SIMD (Node 16, Chrome 91, Firefox 89, Safari 16.4 or later)',
    );
  }
  if (wantRelaxed && !hasRelaxedSimd()) enableRelaxedSimd();
  const relaxed = wantRelaxed && hasRelaxedSimd();
  const url = relaxed
    ? new URL('./build/kernels-relaxed.wasm', import.meta.url)
    : new URL('./build/kernels.wasm', import.meta.url);
  try {
    return { module: await WebAssembly.compile(await readBinary(url)), relaxed };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError(`wasm: cannot load ${url} (${reason}); run "npm run build"`, {
      cause: error,
    });
  }
}
