import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { describe, expect, it } from 'vitest';
import { escapeXml, fitText, rowUnits, sheetSvg, ticks } from './sheet.ts';

const font = fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'));

/** How wide a text really is. */
function measured(text: string, size: number): number {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="50"><text x="10" y="30" font-size="${size}" font-family="DejaVu Sans">${escapeXml(text)}</text></svg>`;
  const options = { font: { loadSystemFonts: false, fontFiles: [font] } };
  return new Resvg(svg, options).getBBox()!.width;
}

describe('fitText', () => {
  it('never lets a text be wider than it may be', () => {
    const letters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    for (const letter of [...letters, 'é', 'ß', 'ж', '×', '…', '–']) {
      const text = letter.repeat(200);
      const shown = fitText(text, 11, 150);
      if (letter !== ' ') expect(measured(shown, 11), letter).toBeLessThanOrEqual(150);
    }
  });

  it('leaves out the middle', () => {
    expect(fitText('short.jpg', 10, 100)).toBe('short.jpg');
    expect(fitText('a very long name that ends in 1.jpg', 10, 100)).toMatch(/^a very.*….*1\.jpg$/);
  });
});

it('ticks are round and inside', () => {
  expect(ticks(500)).toEqual([0, 100, 200, 300, 400]);
  expect(ticks(28)).toEqual([0, 10, 20]);
  expect(ticks(1)).toEqual([0]);
  expect(ticks(3)).toEqual([0, 1, 2]);
});

it('escapeXml keeps names from becoming markup, or turning the direction of writing', () => {
  expect(escapeXml('<b a="1">&\'')).toBe('&#60;b a=&#34;1&#34;&#62;&#38;&#39;');
  expect(escapeXml('a\u001b[31mb\u202ec\ud800')).toBe('a\ufffd[31mb\ufffdc\ufffd');
});

describe('sheetSvg', () => {
  const tile = { width: 4, height: 3, href: 'data:,x', caption: ['<one>'] };
  const section = {
    title: 'section',
    groups: [[tile], [tile], [tile]],
    cell: { width: 50, height: 40 },
  };
  const sheet = { title: 'title', width: rowUnits(2, 50), sections: [section] };

  it('fills rows', () => {
    const svg = sheetSvg(sheet);
    const places = [...svg.matchAll(/<image x="([\d.]+)" y="([\d.]+)"/g)].map((match) => match[1]);
    expect(places).toHaveLength(3);
    expect(places[0]).toBe(places[2]);
    expect(places[1]).not.toBe(places[0]);
    expect(svg).toContain('&#60;one&#62;');
    expect(svg).not.toContain('<one>');
  });

  it('keeps everything inside', () => {
    const svg = sheetSvg({
      ...sheet,
      title: 'a title that is far too long for so small a sheet',
      sections: [
        {
          title: 'another title that is far too long',
          detail: 'with details that are longer still',
          groups: [
            [
              {
                width: 1,
                height: 1,
                note: 'words that do not fit into their frame',
                caption: ['a caption'],
              },
            ],
          ],
          cell: { width: 50, height: 40 },
        },
        {
          groups: [
            [
              {
                ...tile,
                axes: true,
                boxes: [{ corners: [3, 2, 4, 3], label: 'a label', group: 9 }],
              },
            ],
          ],
          cell: { width: 90, height: 80 },
        },
      ],
    });
    const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!.map(Number);
    const drawn = new Resvg(svg.replace(/<rect width="100%".*?\/>/, ''), {
      font: { loadSystemFonts: false, fontFiles: [font] },
    }).getBBox()!;
    expect(drawn.x).toBeGreaterThan(10);
    expect(drawn.y).toBeGreaterThan(10);
    expect(drawn.x + drawn.width).toBeLessThan(width! - 10);
    expect(drawn.y + drawn.height).toBeLessThan(height! - 10);
  });
});
