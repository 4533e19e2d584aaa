import type { Program, ValueId } from './program.ts';

/** Steps during which a value must keep its place, both ends included. */
export interface Interval {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface ArenaPlan {
  /** Byte offset of each interval, in the order given. */
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/**
 * Places intervals in one arena so that no two that live at the same time overlap: greedy by
 * size, lowest fitting gap (Pisarchyk and Lee 2020, "Efficient memory management for deep neural
 * net inference", section 5).
 */
export function planArena(intervals: readonly Interval[], alignment = 64): ArenaPlan {
  const round = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
  const offsets = new Array<number>(intervals.length).fill(0);
  const placed: number[] = [];
  const order = intervals.map((_, i) => i);
  order.sort((a, b) => intervals[b]!.bytes - intervals[a]!.bytes || a - b);
  let total = 0;
  for (const i of order) {
    const { bytes, first, last } = intervals[i]!;
    let offset = 0;
    for (const j of placed) {
      const other = intervals[j]!;
      if (other.last < first || last < other.first) continue;
      if (offsets[j]! >= offset + round(bytes)) break;
      offset = Math.max(offset, offsets[j]! + round(other.bytes));
    }
    offsets[i] = offset;
    total = Math.max(total, offset + round(bytes));
    const position = placed.findIndex((j) => offsets[j]! > offset);
    placed.splice(position === -1 ? placed.length : position, 0, i);
  }
  return { offsets, bytes: total };
}

/** For each value that instructions produce: index of the producing and of the last reading one. */
export function lifetimes(program: Program): Map<ValueId, { first: number; last: number }> {
  const lives = new Map<ValueId, { first: number; last: number }>();
  program.instructions.forEach((instruction, i) => {
    for (const id of instruction.outputs) lives.set(id, { first: i, last: i });
    for (const id of instruction.inputs) {
      const life = id === undefined ? undefined : lives.get(id);
      if (life !== undefined) life.last = i;
    }
  });
  const end = program.instructions.length;
  const kept = [...program.outputs.map(({ id }) => id), ...program.updates.map((u) => u.value)];
  for (const id of kept) {
    const life = lives.get(id);
    if (life !== undefined) life.last = end;
  }
  return lives;
}
