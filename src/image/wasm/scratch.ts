// How TypeScript runs kernels on bytes. Those of an image of the workspace are worked on where they
// are; others are copied in and out, a piece at a time where the kernel allows it.

import { giveBytes, takeBytes } from '../buffers.ts';
import { isResident, type Kernels, loadKernels, placeScratch, takeBlock } from './memory.ts';

export interface Scratch {
  readonly kernels: Kernels;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  /** The start of each part that was asked for, a multiple of 16. */
  readonly at: readonly number[];
}

/**
 * Room for parts of so many bytes, with any content, until the next call. Undefined where there is
 * no WASM with SIMD, or too little of it: then the twins in TypeScript do the work.
 */
export function scratch(...parts: readonly number[]): Scratch | undefined {
  const loaded = loadKernels();
  const at = loaded && placeScratch(parts);
  return at && { ...loaded, at };
}

/** So much at a time stays in the nearest cache between copying in, working and copying out. */
const CHUNK = 16 * 1024;

/** As many bytes from a kernel as `x` has, if both can be where kernels reach them, or undefined. */
export function mapResident(
  x: Uint8Array,
  run: (kernels: Kernels, x: number, y: number) => void,
): Uint8Array | undefined {
  const kernels = isResident(x) ? loadKernels()?.kernels : undefined;
  const y = kernels && takeBlock(x.length);
  if (kernels && y) run(kernels, x.byteOffset, y.byteOffset);
  return y;
}

/**
 * Bytes through a kernel that works on `unit` bytes (a row, a pixel) at a time, or undefined where
 * there are no kernels.
 */
export function mapBytes(
  x: Uint8Array,
  unit: number,
  run: (kernels: Kernels, x: number, y: number, length: number) => void,
): Uint8Array | undefined {
  const there = mapResident(x, (kernels, from, to) => run(kernels, from, to, x.length));
  if (there) return there;
  const chunk = unit * Math.max(1, Math.floor(CHUNK / unit));
  const room = scratch(chunk, chunk);
  if (!room) return undefined;
  const { kernels, bytes } = room;
  const [from, to] = room.at as [number, number];
  const y = takeBytes(x.length, x);
  for (let start = 0; start < x.length; start += chunk) {
    const end = Math.min(x.length, start + chunk);
    bytes.set(x.subarray(start, end), from);
    run(kernels, from, to, end - start);
    y.set(bytes.subarray(to, to + end - start), start);
  }
  return y;
}

/**
 * `length` bytes from a kernel that needs all of `x` at once, or undefined where there are no kernels.
 * `run` is told where to find x and where to put the result; its room has the `parts` it asks for.
 */
export function mapWhole(
  x: Uint8Array,
  length: number,
  parts: readonly number[],
  run: (room: Scratch, x: number, y: number) => void,
): Uint8Array | undefined {
  const y = takeBytes(length, x);
  const room = scratch(...parts, isResident(x) ? 0 : x.length, isResident(y) ? 0 : length);
  if (!room) {
    giveBytes(y);
    return undefined;
  }
  const { bytes } = room;
  let [from, to] = room.at.slice(parts.length) as [number, number];
  if (isResident(x)) from = x.byteOffset;
  else bytes.set(x, from);
  if (isResident(y)) to = y.byteOffset;
  run(room, from, to);
  if (!isResident(y)) y.set(bytes.subarray(to, to + length));
  return y;
}

/** A view of `count` int32 in the memory. */
export const int32At = ({ bytes }: Scratch, start: number, count: number): Int32Array =>
  new Int32Array(bytes.buffer, start, count);

/**
 * Shows a kernel all bytes but a rest that is no multiple of `unit`; how many it has seen (none where
 * there are no kernels).
 */
export function visitBytes(
  x: Uint8Array,
  unit: number,
  visit: (kernels: Kernels, x: number, length: number) => void,
): number {
  const covered = x.length - (x.length % unit);
  const chunk = unit * Math.floor(CHUNK / unit);
  const room = scratch(chunk);
  if (!room) return 0;
  if (isResident(x)) {
    visit(room.kernels, x.byteOffset, covered);
    return covered;
  }
  const [at] = room.at as [number];
  for (let start = 0; start < covered; start += chunk) {
    const end = Math.min(covered, start + chunk);
    room.bytes.set(x.subarray(start, end), at);
    visit(room.kernels, at, end - start);
  }
  return covered;
}
