// Operations on each byte alone are a table of 256 entries, so a chain of them costs as one.

import { takeBytes } from '../buffers.ts';
import type { Image } from '../image.ts';
import { loadKernels } from '../wasm/memory.ts';
import { mapBytes, visitBytes } from '../wasm/scratch.ts';

/** What each byte becomes. */
export type Table = Uint8Array;

/** A table from a rule; results are cut to 0 … 255 and their fractions dropped. */
export function tableOf(rule: (value: number) => number): Table {
  const table = new Uint8Array(256);
  for (let value = 0; value < 256; value++) {
    table[value] = Math.min(255, Math.max(0, Math.trunc(rule(value))));
  }
  return table;
}

/** Every byte through one table. */
export function lookup(image: Image, table: Table): Image {
  const { data: x, width, height, channels } = image;
  const y = lookupFast(x, [table, table, table]);
  if (y) return { data: y, width, height, channels };
  const slow = takeBytes(x.length, x);
  for (let i = 0; i < x.length; i++) slow[i] = table[x[i]!]!;
  return { data: slow, width, height, channels };
}

/** Each channel through its own table. */
export function lookupChannels(image: Image, tables: readonly Table[]): Image {
  const { data: x, width, height, channels } = image;
  if (channels === 1) return lookup(image, tables[0]!);
  const fast = lookupFast(x, tables);
  if (fast) return { data: fast, width, height, channels };
  const [r, g, b] = tables as [Table, Table, Table];
  const y = takeBytes(x.length, x);
  for (let i = 0; i < x.length; i += 3) {
    y[i] = r[x[i]!]!;
    y[i + 1] = g[x[i + 1]!]!;
    y[i + 2] = b[x[i + 2]!]!;
  }
  return { data: y, width, height, channels };
}

/** Bytes through three tables in turn. */
function lookupFast(x: Uint8Array, tables: readonly Table[]): Uint8Array | undefined {
  const loaded = loadKernels();
  if (!loaded) return undefined;
  const at = loaded.kernels.TABLES.value;
  tables.forEach((table, c) => {
    loaded.bytes.set(table, at + 256 * c);
  });
  return mapBytes(x, 12, ({ lookup }, from, to, length) => lookup(from, to, length));
}

/** How often each byte occurs, per channel. */
export function histograms({ data: x, channels }: Image): readonly Uint32Array[] {
  const counts = Array.from({ length: channels }, () => new Uint32Array(256));
  if (channels === 1) {
    const [grey] = counts as [Uint32Array];
    for (let i = 0; i < x.length; i++) grey[x[i]!]!++;
    return counts;
  }
  const counted = countFast(x, counts);
  const [r, g, b] = counts as [Uint32Array, Uint32Array, Uint32Array];
  for (let i = counted; i < x.length; i += 3) {
    r[x[i]!]!++;
    g[x[i + 1]!]!++;
    b[x[i + 2]!]!++;
  }
  return counts;
}

/** Counts most of RGB bytes; how many. */
function countFast(x: Uint8Array, counts: readonly Uint32Array[]): number {
  const loaded = loadKernels();
  if (!loaded) return 0;
  const all = new Uint32Array(loaded.bytes.buffer, loaded.kernels.COUNTS.value, 12 * 256);
  all.fill(0);
  const covered = visitBytes(x, 12, ({ histogram }, at, length) => histogram(at, length));
  // Four tables a channel, in turn.
  counts.forEach((channel, c) => {
    for (let value = 0; value < 256; value++) {
      const i = 256 * c + value;
      channel[value] = all[i]! + all[i + 768]! + all[i + 1536]! + all[i + 2304]!;
    }
  });
  return covered;
}

/** Keeps the bits of `mask` of every byte and turns over those of `flip`. */
export function maskBits(
  { data: x, width, height, channels }: Image,
  mask: number,
  flip: number,
): Image {
  const fast = mapBytes(x, 1, (kernels, from, to, length) =>
    kernels.maskBits(from, to, length, mask, flip),
  );
  if (fast) return { data: fast, width, height, channels };
  const y = takeBytes(x.length, x);
  for (let i = 0; i < x.length; i++) y[i] = (x[i]! & mask) ^ flip;
  return { data: y, width, height, channels };
}
