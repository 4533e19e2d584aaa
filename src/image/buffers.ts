// A pipeline makes an image per step and forgets it at the next. Taking their memory from here and
// handing it back saves the engine from clearing and collecting megabytes per sample.

import { giveBlock, isResident, takeBlock } from './wasm/memory.ts';

/** Bytes kept for reuse at most. */
const KEPT_BYTES = 64 * 2 ** 20;

const free = new Map<number, Uint8Array[]>();
let kept = 0;

/** `length` bytes of any content; in the kernels' memory when those of `source` are. */
export function takeBytes(length: number, source?: Uint8Array): Uint8Array {
  const block = source && isResident(source) ? takeBlock(length) : undefined;
  if (block) return block;
  const bytes = free.get(length)?.pop();
  if (bytes === undefined) return new Uint8Array(length);
  kept -= length;
  return bytes;
}

/** Hands bytes from `takeBytes` back. Nobody may look at them afterwards. */
export function giveBytes(bytes: Uint8Array): void {
  if (isResident(bytes)) {
    giveBlock(bytes);
    return;
  }
  const { length } = bytes;
  if (length === 0 || kept + length > KEPT_BYTES || length !== bytes.buffer.byteLength) return;
  kept += length;
  const list = free.get(length);
  if (list) list.push(bytes);
  else free.set(length, [bytes]);
}
