// One small WASM memory for the kernels. Pixels are copied in and out, which costs little beside the
// work; so images stay ordinary arrays that may be kept, sent and collected like any other.

import { takeBytes } from '../buffers.ts';
import { KERNELS } from './kernels.ts';

type Kernel = (...numbers: number[]) => void;

/** See kernels.as. Addresses count bytes. */
export interface Kernels {
  readonly flip: Kernel;
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

export interface Scratch {
  readonly kernels: Kernels;
  readonly bytes: Uint8Array;
  /** The start of each part that was asked for, a multiple of 16. */
  readonly at: readonly number[];
}

/** Larger images take the JavaScript way: the memory never shrinks again. */
const MOST_BYTES = 96 * 2 ** 20;
const PAGE = 2 ** 16;
/** Kernels look so far beyond the ends of their arrays. */
const SLACK = 64;

interface Loaded {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  bytes: Uint8Array;
}

let loaded: Loaded | undefined;
let wanted = typeof WebAssembly === 'object';

/** Turns the kernels off, so that their twins in TypeScript do the work, or on again. */
export function useKernels(on: boolean): void {
  wanted = on;
}

function load(): Loaded | undefined {
  try {
    const binary = Uint8Array.from(atob(KERNELS), (character) => character.charCodeAt(0));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
    const kernels = instance.exports as unknown as Kernels;
    return { kernels, memory, bytes: new Uint8Array(memory.buffer) };
  } catch {
    // No SIMD, or a page that forbids WebAssembly.
    wanted = false;
    return undefined;
  }
}

/**
 * Room for parts of so many bytes, with any content, until the next call. Undefined where there is
 * no WASM with SIMD, or too little of it.
 */
export function scratch(...parts: readonly number[]): Scratch | undefined {
  if (!wanted) return undefined;
  let end = 0;
  const at = parts.map((bytes) => {
    const start = end;
    end += Math.ceil((bytes + SLACK) / 16) * 16;
    return start;
  });
  if (end > MOST_BYTES) return undefined;
  loaded ??= load();
  if (!loaded) return undefined;
  if (end > loaded.bytes.length) {
    loaded.memory.grow(Math.ceil((end - loaded.bytes.length) / PAGE));
    loaded.bytes = new Uint8Array(loaded.memory.buffer);
  }
  return { kernels: loaded.kernels, bytes: loaded.bytes, at };
}

/** So much at a time stays in the cache between copying in, working and copying out. */
const CHUNK = 48 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * Bytes through a kernel that works on `unit` bytes (a row, a pixel) at a time, or undefined where
 * there are no kernels. It is told where it finds its `constants`.
 */
export function mapBytes(
  x: Uint8Array,
  unit: number,
  run: (kernels: Kernels, x: number, y: number, length: number, constants: number) => void,
  constants = NOTHING,
): Uint8Array | undefined {
  const chunk = unit * Math.max(1, Math.floor(CHUNK / unit));
  const room = scratch(chunk, chunk, constants.length);
  if (!room) return undefined;
  const { kernels, bytes } = room;
  const [from, to, at] = room.at as [number, number, number];
  bytes.set(constants, at);
  const y = takeBytes(x.length);
  for (let start = 0; start < x.length; start += chunk) {
    const end = Math.min(x.length, start + chunk);
    bytes.set(x.subarray(start, end), from);
    run(kernels, from, to, end - start, at);
    y.set(bytes.subarray(to, to + end - start), start);
  }
  return y;
}

/** A part of the scratch memory as an array of its own. */
export function copyOut({ bytes }: Scratch, start: number, length: number): Uint8Array {
  const y = takeBytes(length);
  y.set(bytes.subarray(start, start + length));
  return y;
}

/** A view of `count` int32 in the scratch memory. */
export const int32At = ({ bytes }: Scratch, start: number, count: number): Int32Array =>
  new Int32Array(bytes.buffer, start, count);

/**
 * The sum over chunks of bytes, each a multiple of `unit`, and how many bytes it covers (0 where
 * there are no kernels).
 */
export function sumBytes(
  x: Uint8Array,
  unit: number,
  run: (kernels: Kernels, x: number, length: number) => number,
): { readonly sum: number; readonly covered: number } {
  const covered = x.length - (x.length % unit);
  const chunk = unit * Math.floor(CHUNK / unit);
  const room = scratch(chunk);
  if (!room) return { sum: 0, covered: 0 };
  const [at] = room.at as [number];
  let sum = 0;
  for (let start = 0; start < covered; start += chunk) {
    const end = Math.min(covered, start + chunk);
    room.bytes.set(x.subarray(start, end), at);
    sum += run(room.kernels, at, end - start);
  }
  return { sum, covered };
}
