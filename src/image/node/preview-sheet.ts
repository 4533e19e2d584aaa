import { convertBoxes, validBoxes } from '../boxes.ts';
import type { PolicyPreview } from '../preview.ts';
import { rowUnits, type SheetBox, sheetSvg, type Tile } from '../sheet.ts';
import type { Boxes, Target } from '../target.ts';
import { pngFromSvg } from './png.ts';
import { thumbnailHref } from './thumbnail.ts';

export interface PreviewSheet {
  readonly title: string;
  readonly detail: string;
  /** Of the targets. */
  readonly names: readonly string[];
  readonly targets: readonly Target[];
  readonly preview: PolicyPreview;
  /** Samples in a row. */
  readonly columns: number;
  /** What labels of boxes stand for. */
  readonly boxNames: readonly string[];
}

const ORIGINAL = 300;
const SCALE = 2;

/** The originals with the axes of their pixels, and below them the samples of a policy, as a PNG. */
export async function drawPreview(sheet: PreviewSheet): Promise<Uint8Array> {
  const { title, detail, names, targets, preview, columns, boxNames } = sheet;
  // Few columns get larger pictures.
  const cell = Math.max(90, Math.min(200, Math.floor(1000 / columns)));
  const tileOf = async ({ image, boxes }: Target, side: number): Promise<Tile> => ({
    href: await thumbnailHref(image, side * SCALE),
    width: image.width,
    height: image.height,
    boxes: boxes ? frames(boxes, image.width, image.height, boxNames) : [],
  });

  const originals: Tile[][] = [];
  for (const [i, target] of targets.entries()) {
    const { width, height } = target.image;
    const caption = [`${names[i]}, ${width} × ${height}`];
    originals.push([{ ...(await tileOf(target, ORIGINAL)), axes: true, caption }]);
  }
  const samples: Tile[][] = [];
  for (const [i, { target }] of preview.samples.entries()) {
    const { width, height } = target.image;
    const shares = preview.shares?.subarray(i * names.length, (i + 1) * names.length);
    const parts = [...(shares ?? [])]
      .map((share, k) => ({ share, name: names[k]! }))
      .filter(({ share }) => share > 0.005)
      .map(({ share, name }) => `${share.toFixed(2)} ${name}`);
    const caption = [`${i + 1}: ${width} × ${height}`, ...(names.length > 1 ? parts : [])];
    samples.push([{ ...(await tileOf(target, cell)), caption }]);
  }
  const svg = sheetSvg({
    title,
    detail,
    width: Math.max(rowUnits(columns, cell), ORIGINAL),
    sections: [
      { groups: originals, cell: { width: ORIGINAL, height: ORIGINAL } },
      { groups: samples, cell: { width: cell, height: cell } },
    ],
  });
  return pngFromSvg(svg, SCALE);
}

function frames(boxes: Boxes, width: number, height: number, names: readonly string[]): SheetBox[] {
  const { data } = convertBoxes(boxes, 'xyxy');
  return validBoxes(boxes, width, height, 1, 1).map((i) => {
    const group = boxes.labels?.[i] ?? 0;
    const name = names[group];
    const [x1, y1, x2, y2] = data.subarray(4 * i, 4 * i + 4) as unknown as SheetBox['corners'];
    return { corners: [x1, y1, x2, y2], group, ...(name ? { label: name } : {}) };
  });
}
