import type { TopLevelSpec } from 'vega-lite';
import { drawSvg, pictureStyle } from './picture.ts';
import type { MetricsRow } from './types.ts';

/** Series in the order of the legend, with the book's colours and dashes. */
const series = [
  { name: 'train loss', color: '#1f77b4', dash: [1, 0] },
  { name: 'train accuracy', color: '#bf00bf', dash: [6, 3] },
  { name: 'test accuracy', color: '#008000', dash: [7, 3, 1.5, 3] },
] as const;

interface Point {
  readonly epoch: number;
  readonly series: (typeof series)[number]['name'];
  readonly value: number;
}

/** What can be drawn: a diverged run may have nothing. */
function points(rows: readonly MetricsRow[]): Point[] {
  const list = rows.flatMap((row): Point[] => {
    const { epoch } = row;
    const both: Point[] = [
      { epoch, series: 'train loss', value: row.trainLoss },
      { epoch, series: 'train accuracy', value: row.trainAccuracy },
    ];
    if (row.kind === 'epoch' && row.testAccuracy !== undefined) {
      both.push({ epoch, series: 'test accuracy', value: row.testAccuracy });
    }
    return both;
  });
  return list.filter(({ value }) => Number.isFinite(value));
}

function specification(rows: readonly MetricsRow[]): TopLevelSpec {
  const values = points(rows);
  const shown = series.filter(({ name }) => values.some((point) => point.series === name));
  const last = Math.max(1, ...values.map(({ epoch }) => epoch));
  const tests = values.filter((point) => point.series === 'test accuracy').length;
  const domain = shown.map(({ name }) => name);
  return {
    width: 420,
    height: 300,
    padding: 12,
    background: 'white',
    data: { values },
    // A line needs two points; one epoch has a single test.
    mark: { type: 'line', strokeWidth: 1.8, point: tests < 2 },
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        title: 'epoch',
        scale: { domain: [0, last], nice: false },
        axis: { tickMinStep: 1 },
      },
      y: { field: 'value', type: 'quantitative', title: null, scale: { zero: true, nice: true } },
      color: {
        field: 'series',
        type: 'nominal',
        sort: null,
        scale: { domain, range: shown.map(({ color }) => color) },
        legend: { title: null, symbolType: 'stroke', symbolSize: 900, symbolStrokeWidth: 1.8 },
      },
      strokeDash: {
        field: 'series',
        type: 'nominal',
        sort: null,
        scale: { domain, range: shown.map(({ dash }) => [...dash]) },
      },
    },
    config: pictureStyle,
  };
}

/**
 * Training loss, training accuracy and test accuracy against the epoch, as an SVG picture; undefined
 * when there is no finite number to draw.
 */
export async function curvesSvg(rows: readonly MetricsRow[]): Promise<string | undefined> {
  if (points(rows).length === 0) return undefined;
  return drawSvg(specification(rows));
}
