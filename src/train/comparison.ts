import type { TopLevelSpec } from 'vega-lite';
import { besideCircles } from './label-places.ts';
import type { Measurement } from './measure.ts';
import { drawSvg, pictureStyle } from './picture.ts';

/** A network beside others. Costs are those of one image, memory that of a whole batch. */
export interface ComparisonRow {
  readonly model: string;
  /** [n, c, h, w]. */
  readonly input: readonly number[];
  readonly parameters: number;
  readonly parameterBytes: number;
  readonly multiplyAdds: number;
  readonly activationBytes: number;
  readonly trainingBytes: number;
  readonly inferenceBytes: number;
  /** Measured here. */
  readonly training?: Measurement;
  readonly inference?: Measurement;
}

interface Bubble {
  readonly model: string;
  readonly x: number;
  readonly y: number;
  readonly parameters: number;
}

const [WIDTH, HEIGHT] = [380, 300];
/** Area of the largest bubble, in square pixels. */
const LARGEST = 1600;
const SMALLEST = 40;
const FONT_SIZE = 12;

/** Ends of a logarithmic axis on which all values have room. */
function domainOf(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values) / 1.8, Math.max(...values) * 1.8];
}

/** 1, 2, 5, 10, 20, … between two ends; 1, 10, … when they are far apart. */
function roundValues(from: number, to: number): number[] {
  const values: number[] = [];
  const digits = to / from > 2000 ? [1] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(from)); 10 ** power <= to; power++) {
    for (const digit of digits) values.push(digit * 10 ** power);
  }
  return values.filter((value) => value >= from && value <= to);
}

/** Three sizes of bubbles for the legend, the last one near the largest. */
const sizesFor = (most: number): number[] =>
  roundValues(most / 100, most)
    .reverse()
    .filter((_, i) => i < 5 && i % 2 === 0)
    .reverse();

/** From values of a logarithmic axis to pixels, and back. */
const logarithmic = ([from, to]: readonly [number, number], length: number) => ({
  to: (value: number) => (length * Math.log(value / from)) / Math.log(to / from),
  from: (place: number) => from * (to / from) ** (place / length),
});

/** Bubbles of the size of the networks, over what one image costs. */
function panel(title: string, yTitle: string, bubbles: readonly Bubble[], most: number) {
  const xDomain = domainOf(bubbles.map(({ x }) => x));
  const yDomain = domainOf(bubbles.map(({ y }) => y));
  const [across, up] = [logarithmic(xDomain, WIDTH), logarithmic(yDomain, HEIGHT)];
  const circles = bubbles.map(({ model, x, y, parameters }) => {
    const area = Math.max(SMALLEST, (LARGEST * parameters) / most);
    const width = 0.62 * FONT_SIZE * model.length + 4;
    return { x: across.to(x), y: up.to(y), r: Math.sqrt(area / Math.PI) + 2, width };
  });
  const places = besideCircles(circles, { width: WIDTH, height: HEIGHT }, FONT_SIZE + 2);
  const labels = bubbles.map(({ model }, i) => {
    const { x, y } = places[i]!;
    return { model, x: across.from(x), y: up.from(y) };
  });
  const coordinate = (field: 'x' | 'y', axisTitle: string, domain: readonly [number, number]) => ({
    field,
    type: 'quantitative' as const,
    scale: { type: 'log' as const, domain: [...domain], nice: false },
    axis: { format: '~s', values: roundValues(...domain) },
    title: axisTitle,
  });
  const x = coordinate('x', 'multiply-adds of an image', xDomain);
  // Names have the colours of their bubbles, for where these crowd.
  const color = {
    field: 'model',
    type: 'nominal' as const,
    scale: { domain: bubbles.map(({ model }) => model), scheme: 'category10' as const },
    legend: null,
  };
  const y = coordinate('y', yTitle, yDomain);
  return {
    ...{ width: WIDTH, height: HEIGHT, title },
    layer: [
      {
        data: { values: [...bubbles] },
        mark: { type: 'circle' as const, opacity: 0.55 },
        encoding: {
          ...{ x, y, color },
          size: {
            field: 'parameters',
            type: 'quantitative' as const,
            title: 'parameters',
            scale: { domain: [0, most], range: [SMALLEST, LARGEST] },
            legend: { format: '~s', values: sizesFor(most) },
          },
        },
      },
      {
        data: { values: labels },
        mark: { type: 'text' as const, fontSize: FONT_SIZE, baseline: 'middle' as const },
        encoding: { x, y, color, text: { field: 'model' } },
      },
    ],
  };
}

/**
 * Networks as bubbles of their size, as an SVG picture: how many images a second they train with and
 * classify here over the work for one; or, where nothing was measured, the memory to train them.
 */
export function comparisonSvg(rows: readonly ComparisonRow[]): Promise<string> {
  const most = Math.max(...rows.map(({ parameters }) => parameters));
  const bubbles = (value: (row: ComparisonRow) => number | undefined): Bubble[] =>
    rows.flatMap((row) => {
      const { model, multiplyAdds: x, parameters } = row;
      const y = value(row);
      return y === undefined ? [] : [{ model, x, y, parameters }];
    });
  const speed = (key: 'training' | 'inference') => bubbles((row) => row[key]?.imagesPerSecond);
  const [training, inference] = [speed('training'), speed('inference')];
  const panels = [
    ...(training.length > 0 ? [panel('training', 'images/s', training, most)] : []),
    ...(inference.length > 0 ? [panel('inference', 'images/s', inference, most)] : []),
  ];
  const unmeasured = bubbles(({ trainingBytes }) => trainingBytes);
  const specification: TopLevelSpec = {
    ...{ padding: 12, background: 'white', config: pictureStyle },
    hconcat: panels.length > 0 ? panels : [panel('', 'bytes to train', unmeasured, most)],
  };
  return drawSvg(specification);
}
