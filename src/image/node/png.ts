import { fileURLToPath } from 'node:url';

/** Letters beyond those of DejaVu Sans: Chinese, Japanese, Korean and others. */
const OTHER_SCRIPTS = /[\u0900-\u0dff\u0f00-\u1cff\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef]/;

const fontFile = (name: string) =>
  fileURLToPath(import.meta.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`));

/**
 * Draws an SVG picture as a PNG, `scale` pixels to a unit. The font comes with the package; the
 * system's fonts are looked up only for letters that it lacks.
 */
export async function pngFromSvg(svg: string, scale = 2): Promise<Uint8Array> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const picture = await renderAsync(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: {
      loadSystemFonts: OTHER_SCRIPTS.test(svg),
      fontFiles: ['DejaVuSans', 'DejaVuSans-Bold'].map(fontFile),
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  });
  return picture.asPng();
}
