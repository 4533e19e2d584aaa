// A pipeline makes an image per step and forgets it at the next. Taking their memory from here and
// handing it back saves the engine from clearing and collecting megabytes per sample.

/** Bytes kept for reuse at most. */
const KEPT_BYTES = 64 * 2 ** 20;

const free = new Map<number, Uint8Array[]>();
let kept = 0;

/** `length` bytes of any content. */
export function takeBytes(length: number): Uint8Array {
  const bytes = free.get(length)?.pop();
  if (bytes === undefined) return new Uint8Array(length);
  kept -= length;
  return bytes;
}

/** Hands bytes from `takeBytes` back. Nobody may look at them afterwards. */
export function giveBytes(bytes: Uint8Array): void {
  const { length } = bytes;
  if (length === 0 || kept + length > KEPT_BYTES || length !== bytes.buffer.byteLength) return;
  kept += length;
  const list = free.get(length);
  if (list) list.push(bytes);
  else free.set(length, [bytes]);
}
