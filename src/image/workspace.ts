import { giveBytes, takeBytes } from './buffers.ts';
import type { Image } from './image.ts';
import { takeBlock } from './wasm/memory.ts';

/**
 * A copy of an image in the memory that the pixel kernels work on. What transforms make of it lies
 * there too, so that nothing is copied between them. That memory is small and shared: hand each such
 * image back with `releaseImage`, and take a `slice` of its data for anybody who keeps it or sends it
 * to another thread. Where there is no room left, or no WebAssembly, it is an ordinary copy, and so
 * are results.
 */
export function workingCopy({ data: x, width, height, channels }: Image): Image {
  const data = takeBlock(x.length) ?? takeBytes(x.length);
  data.set(x);
  return { data, width, height, channels };
}

/** Hands the pixels of a working copy, or of what a transform made, back. Nobody may use them afterwards. */
export const releaseImage = ({ data }: Image): void => giveBytes(data);
