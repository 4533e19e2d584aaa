import type { BatchPicture } from '../batch-picture.ts';

const SCALE = 1.5;
/** Units that an image may take; small ones are shown larger, with their pixels. */
const [SMALLEST, LARGEST] = [96, 160];

/** Draws the images of a batch in rows with their classes, as a PNG. */
export async function drawBatch({ images, captions, count }: BatchPicture): Promise<Uint8Array> {
  const [{ rowUnits, sheetSvg }, { pngFromSvg }, { thumbnailHref }] = await Promise.all([
    import('../../image/sheet.ts'),
    import('../../image/node/png.ts'),
    import('../../image/node/thumbnail.ts'),
  ]);
  const { width, height, channels } = images[0]!;
  const side = Math.max(SMALLEST, Math.min(LARGEST, Math.max(width, height)));
  const columns = Math.min(8, Math.max(4, images.length));
  const tiles = await Promise.all(
    images.map(async (image, i) => ({
      href: await thumbnailHref(image, side * SCALE),
      width: image.width,
      height: image.height,
      caption: captions[i]!,
    })),
  );
  const shown = images.length < count ? `the first ${images.length} of ${count}` : `all ${count}`;
  const svg = sheetSvg({
    title: 'First training batch',
    detail: `${shown} images as the network gets them: ${width} × ${height}, ${channels === 1 ? 'grey' : 'RGB'}`,
    width: rowUnits(columns, side),
    sections: [{ groups: tiles.map((tile) => [tile]), cell: { width: side, height: side } }],
  });
  return pngFromSvg(svg, SCALE);
}
