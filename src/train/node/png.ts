import { fileURLToPath } from 'node:url';

/** Draws an SVG picture as a PNG, `scale` pixels to a unit. */
export async function pngFromSvg(svg: string, scale = 2): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const font = import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
  const picture = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: {
      loadSystemFonts: false,
      fontFiles: [fileURLToPath(font)],
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  });
  return picture.render().asPng();
}
