/** The WASM module that kernels.as compiles to. */
export function compileKernels(): Promise<Uint8Array>;
