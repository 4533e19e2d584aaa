import { type Column, table } from '../src/cli/table.ts';
import type { Row } from './rows.ts';

const columns: readonly Column[] = [
  { title: 'case', shrink: true },
  { title: 'engine' },
  { title: 'threads', align: 'right' },
  { title: 'value', align: 'right' },
  { title: 'best', align: 'right' },
  { title: 'unit' },
  { title: 'of peak', align: 'right' },
  { title: 'peer' },
  { title: 'value', align: 'right' },
  { title: 'best', align: 'right' },
  { title: 'ratio', align: 'right' },
  { title: 'of best', align: 'right' },
  { title: 'spread', align: 'right' },
];

/** Three digits that count: `0.0123`, `4.56`, `45.6`, `12,345`. */
export function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toPrecision(3);
}

const optional = (value: number | null | undefined, text: (value: number) => string): string =>
  value === null || value === undefined ? '' : text(value);
const ratio = (value: number): string => `${value.toFixed(2)}×`;
const percent = (value: number): string => `${Math.round(100 * value)} %`;

/** Rows of one suite as lines of a table. */
export function rowTable(rows: readonly Row[], width?: number): string[] {
  const engine = (row: Row) =>
    row.precision === 'float32' ? row.engine : `${row.engine} ${row.precision}`;
  const all = rows.map((row) => [
    row.case,
    engine(row),
    String(row.threads),
    short(row.value),
    short(row.best),
    row.unit,
    optional(row.share, percent),
    row.peer ?? '–',
    optional(row.peerValue, short),
    optional(row.peerBest, short),
    optional(row.ratio, ratio),
    optional(row.ratioOfBest, ratio),
    row.spread === 0 ? '' : percent(row.spread),
  ]);
  // Columns that are empty everywhere say nothing.
  const shown = columns.map((_, i) => i).filter((i) => all.some((row) => row[i] !== ''));
  const pick = <T>(list: readonly T[]): T[] => shown.map((i) => list[i]!);
  return table(pick(columns), all.map(pick), width);
}

/** Rows whose measurement was too unsteady to be believed. */
export const UNSTEADY = 0.15;

/** What the whole run found, as one line. */
export const jsonLine = (machine: unknown, rows: readonly Row[]): string =>
  JSON.stringify({ machine, rows });
