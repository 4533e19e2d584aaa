import type { TopLevelSpec } from 'vega-lite';
import { pictureStyle } from '../train/picture.ts';
import type { StudyRow } from './study.ts';

/** Colours that differ in lightness too. */
export const palette = ['#1f77b4', '#d95f02', '#1b9e77', '#7b3294', '#666666'] as const;

export interface Axis {
  /** Key of the rows. */
  readonly field: string;
  readonly title: string | null;
  /** Linear unless told. */
  readonly scale?: 'linear' | 'log';
  /** Of the labels of a logarithmic axis: powers of ten by default. */
  readonly format?: string;
  /** Whether there is nothing between whole numbers. */
  readonly whole?: boolean;
  /** Smallest and largest value; as the rows have it by default. */
  readonly domain?: readonly [number, number];
}

export interface Panels {
  readonly field: string;
  /** Panels in this order. */
  readonly order: readonly string[];
}

export interface CurvesOptions {
  readonly x: Axis;
  readonly y: Axis;
  /** One line for each value: numbers from light to dark, words in their order. */
  readonly color: {
    readonly field: string;
    readonly title: string | null;
    readonly order?: readonly string[];
  };
  /** Panels side by side. */
  readonly column?: Panels;
  /** Panels one under the other. */
  readonly row?: Panels;
  /** Whether points are marked. */
  readonly point?: boolean;
}

const base = { padding: 12, background: 'white', config: pictureStyle } as const;

const quantity = ({
  field,
  title,
  scale = 'linear',
  format = '.0e',
  whole = false,
  domain,
}: Axis) => ({
  field,
  type: 'quantitative' as const,
  title,
  scale: {
    type: scale,
    nice: false,
    ...(scale === 'log' ? {} : { zero: false }),
    ...(domain ? { domain: [...domain] } : {}),
  },
  ...(scale === 'log' ? { axis: { format, tickCount: 6 } } : {}),
  ...(whole ? { axis: { tickMinStep: 1, format: 'd' } } : {}),
});

const panels = ({ field, order }: Panels) => ({
  field,
  type: 'nominal' as const,
  sort: [...order],
  title: null,
  header: { labelFontSize: 13 },
});

/** Lines over rows; what is `null` is left out. */
export function curves(rows: readonly StudyRow[], options: CurvesOptions): TopLevelSpec {
  const { x, y, color, column, row, point = false } = options;
  const values = rows.filter((value) => value[x.field] !== null && value[y.field] !== null);
  const numeric = color.order === undefined;
  return {
    ...base,
    width: 300,
    height: 240,
    data: { values },
    mark: { type: 'line', strokeWidth: 1.8, point },
    encoding: {
      x: quantity(x),
      y: quantity(y),
      color: {
        field: color.field,
        type: numeric ? 'ordinal' : 'nominal',
        title: color.title,
        scale: numeric
          ? { scheme: { name: 'plasma', extent: [0.8, 0] } }
          : { domain: [...color.order], range: palette.slice(0, color.order.length) },
        legend: {
          symbolType: 'stroke',
          symbolSize: 500,
          symbolStrokeWidth: 2,
          labelLimit: 0,
          columns: numeric ? 6 : 3,
        },
      },
      ...(column ? { column: panels(column) } : {}),
      ...(row ? { row: panels(row) } : {}),
    },
  } as TopLevelSpec;
}

export interface SharesOptions {
  readonly x: Axis;
  /** One bar for each value, from top to bottom. */
  readonly y: Panels;
  /** Parts of a bar, from left to right. */
  readonly color: Panels;
}

/** Stacked bars of parts of a whole. */
export const shares = (rows: readonly StudyRow[], { x, y, color }: SharesOptions): TopLevelSpec =>
  ({
    ...base,
    width: 420,
    height: { step: 26 },
    data: { values: rows },
    mark: 'bar',
    encoding: {
      x: { ...quantity({ ...x, domain: [0, 1] }), axis: { format: '%' } },
      y: {
        field: y.field,
        type: 'nominal',
        sort: [...y.order],
        title: null,
        axis: { labelLimit: 0 },
      },
      color: {
        field: color.field,
        type: 'nominal',
        title: null,
        scale: { domain: [...color.order], range: [palette[0], '#d0d0d0'] },
      },
    },
  }) as TopLevelSpec;

export interface MapPanel {
  readonly title: string;
  /** [h, w] */
  readonly values: ArrayLike<number>;
  readonly width: number;
}

/** Maps side by side, each with colours of its own. */
export function maps(panels: readonly MapPanel[]): TopLevelSpec {
  // Whole pixels for each value: otherwise seams show.
  const step = Math.max(1, Math.round(200 / Math.max(...panels.map(({ width }) => width))));
  return {
    ...base,
    hconcat: panels.map(({ title, values, width }) => ({
      title: { text: title, fontWeight: 'normal' },
      width: { step },
      height: { step },
      data: {
        values: Array.from(values, (value, i) => ({
          x: i % width,
          y: Math.floor(i / width),
          value,
        })),
      },
      mark: 'rect',
      encoding: {
        x: { field: 'x', type: 'ordinal', axis: null },
        y: { field: 'y', type: 'ordinal', axis: null },
        color: {
          field: 'value',
          type: 'quantitative',
          title: null,
          scale: { scheme: 'viridis' },
          legend: { gradientLength: 180, format: '.2~g', tickCount: 3 },
        },
      },
    })),
    resolve: { scale: { color: 'independent' } },
    spacing: 24,
  } as TopLevelSpec;
}

export interface DotsOptions {
  readonly x: Axis;
  /** Key of the standard deviations. */
  readonly deviation: string;
  /** One line for each value, from top to bottom. */
  readonly y: Panels;
}

/** Shares as dots, each with its standard deviation to both sides. */
export const dots = (rows: readonly StudyRow[], { x, deviation, y }: DotsOptions): TopLevelSpec => {
  const end = (sign: string) => ({
    calculate: `datum['${x.field}'] ${sign} datum['${deviation}']`,
    as: sign === '-' ? 'low' : 'high',
  });
  const lines = {
    field: y.field,
    type: 'nominal',
    sort: [...y.order],
    title: null,
    axis: { labelLimit: 0, grid: true },
  };
  const position = { ...quantity(x), axis: { format: '.0%' } };
  return {
    ...base,
    width: 420,
    height: { step: 26 },
    data: { values: rows },
    transform: [end('-'), end('+')],
    layer: [
      {
        mark: { type: 'rule', color: palette[0], strokeWidth: 2 },
        encoding: { y: lines, x: { ...position, field: 'low' }, x2: { field: 'high' } },
      },
      {
        mark: { type: 'point', filled: true, size: 70, color: palette[0], opacity: 1 },
        encoding: { y: lines, x: position },
      },
    ],
  } as TopLevelSpec;
};
