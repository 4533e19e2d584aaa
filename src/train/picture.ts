import type { TopLevelSpec } from 'vega-lite';

/** How all pictures look: font, axes, a legend below the picture, where it hides nothing. */
export const pictureStyle = {
  font: 'DejaVu Sans, Helvetica, Arial, sans-serif',
  axis: {
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    gridColor: '#d0d0d0',
  },
  legend: { orient: 'bottom', labelFontSize: 12, titleFontSize: 12, titleFontWeight: 'normal' },
  view: { stroke: '#333333' },
} as const;

/** Draws a Vega-Lite specification as an SVG picture. */
export async function drawSvg(specification: TopLevelSpec): Promise<string> {
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const view = new vega.View(vega.parse(compile(specification).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
