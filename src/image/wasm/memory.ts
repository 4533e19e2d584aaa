// The memory that kernels work on. It never grows, so that arrays over it stay valid; what nobody has
// touched of it takes up addresses and nothing else. Scratch space lies at its beginning, images that
// live there (see workspace.ts) at its end.

import { KERNELS } from './kernels.ts';

type Kernel = (...numbers: number[]) => void;

/** See kernels.as. Addresses count bytes. */
export interface Kernels {
  readonly TABLES: WebAssembly.Global;
  readonly COUNTS: WebAssembly.Global;
  readonly flip: Kernel;
  readonly flipRows: Kernel;
  readonly maskBits: Kernel;
  readonly grayscale: Kernel;
  readonly sumLuma: (...numbers: number[]) => number;
  readonly saturate: Kernel;
  readonly turnHue: Kernel;
  readonly histogram: Kernel;
  readonly lookup: Kernel;
  readonly resampleRows: Kernel;
  readonly resampleColumns: Kernel;
  readonly warpLines: Kernel;
  readonly warpProjected: Kernel;
  readonly nearestRow: Kernel;
  readonly bilinearRow: Kernel;
  readonly blurRows: Kernel;
  readonly blurColumns: Kernel;
  readonly normalize: Kernel;
}

interface Loaded {
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
}

const PAGE = 2 ** 16;
const MEMORY_BYTES = 96 * 2 ** 20;
/** Kernels read so far beyond the ends of their arrays at most, which is a row of an image. */
const GUARD = 2 ** 20;
/** They write so far. */
const SLACK = 64;
/** What the kernels keep for themselves. */
const OWN_BYTES = 2 ** 15;
/** Images leave so much to scratch space. */
const SCRATCH_BYTES = 32 * 2 ** 20;

let loaded: Loaded | undefined;
let wanted = typeof WebAssembly === 'object';
let scratchEnd = OWN_BYTES;

/** Images that live here, the one at the highest address first. */
const blocks: { readonly start: number; readonly end: number; readonly length: number }[] = [];

/** Turns the kernels off, so that their twins in TypeScript do the work, or on again. */
export function useKernels(on: boolean): void {
  wanted = on;
}

/** The kernels and all of their memory. Undefined where there is no WASM with SIMD. */
export function loadKernels(): Loaded | undefined {
  if (!wanted || loaded) return wanted ? loaded : undefined;
  try {
    const binary = Uint8Array.from(atob(KERNELS), (character) => character.charCodeAt(0));
    const pages = MEMORY_BYTES / PAGE;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    const kernels = instance.exports as unknown as Kernels;
    loaded = { kernels, bytes: new Uint8Array(memory.buffer) };
  } catch {
    // No SIMD, no memory, or a page that forbids WebAssembly.
    wanted = false;
  }
  return loaded;
}

/**
 * Where parts of so many bytes begin, at multiples of 16; they are kept until the next call. Undefined
 * where there is too little memory.
 */
export function placeScratch(parts: readonly number[]): readonly number[] | undefined {
  let end = OWN_BYTES;
  const at = parts.map((bytes) => {
    const start = end;
    end += Math.ceil((bytes + SLACK) / 16) * 16;
    return start;
  });
  if (end > (blocks.at(-1)?.start ?? MEMORY_BYTES - GUARD)) return undefined;
  scratchEnd = end;
  return at;
}

/** Whether kernels can work on these bytes where they are. */
export const isResident = (bytes: Uint8Array): boolean =>
  loaded !== undefined && bytes.buffer === loaded.bytes.buffer;

/** `length` bytes where kernels can work on them, of any content, or undefined when there is no room. */
export function takeBlock(length: number): Uint8Array | undefined {
  const memory = loadKernels();
  if (!memory) return undefined;
  const size = Math.ceil((length + SLACK) / 64) * 64;
  let end = MEMORY_BYTES - GUARD;
  let i = 0;
  for (; i < blocks.length && end - blocks[i]!.end < size; i++) end = blocks[i]!.start;
  const start = end - size;
  if (start < Math.max(scratchEnd, SCRATCH_BYTES)) return undefined;
  blocks.splice(i, 0, { start, end, length });
  return new Uint8Array(memory.bytes.buffer, start, length);
}

/** Hands bytes from `takeBlock` back. */
export function giveBlock({ byteOffset, length }: Uint8Array): void {
  const i = blocks.findIndex((block) => block.start === byteOffset && block.length === length);
  if (i >= 0) blocks.splice(i, 1);
}
