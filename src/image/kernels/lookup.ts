// Operations on each byte alone are a table of 256 entries, so a chain of them costs as one.

import { takeBytes } from '../buffers.ts';
import type { Image } from '../image.ts';
import { int32At, mapBytes, scratch } from '../wasm/scratch.ts';

/** What each byte becomes. */
export type Table = Uint8Array;

/** A table from a rule; results are cut to 0 … 255 and their fractions dropped. */
export const tableOf = (rule: (value: number) => number): Table =>
  Uint8Array.from({ length: 256 }, (_, value) =>
    Math.min(255, Math.max(0, Math.trunc(rule(value)))),
  );

/** Every byte through one table. */
export function lookup(image: Image, table: Table): Image {
  const { data: x, width, height, channels } = image;
  const y = lookupFast(x, [table, table, table]);
  if (y) return { data: y, width, height, channels };
  const slow = takeBytes(x.length);
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
  const y = takeBytes(x.length);
  for (let i = 0; i < x.length; i += 3) {
    y[i] = r[x[i]!]!;
    y[i + 1] = g[x[i + 1]!]!;
    y[i + 2] = b[x[i + 2]!]!;
  }
  return { data: y, width, height, channels };
}

/** Bytes through three tables in turn. */
function lookupFast(x: Uint8Array, tables: readonly Table[]): Uint8Array | undefined {
  const all = new Uint8Array(3 * 256);
  tables.forEach((table, c) => {
    all.set(table, 256 * c);
  });
  return mapBytes(x, 12, ({ lookup }, from, to, length, at) => lookup(from, to, length, at), all);
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
  const length = x.length - (x.length % 12);
  const room = scratch(length, 6 * 1024);
  if (!room) return 0;
  const [from, at] = room.at as [number, number];
  room.bytes.set(length === x.length ? x : x.subarray(0, length), from);
  room.bytes.fill(0, at, at + 6 * 1024);
  room.kernels.histogram(from, length, at);
  const tables = int32At(room, at, 6 * 256);
  counts.forEach((channel, c) => {
    for (let value = 0; value < 256; value++) {
      channel[value] = tables[c * 256 + value]! + tables[(c + 3) * 256 + value]!;
    }
  });
  return length;
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
  const y = takeBytes(x.length);
  for (let i = 0; i < x.length; i++) y[i] = (x[i]! & mask) ^ flip;
  return { data: y, width, height, channels };
}
