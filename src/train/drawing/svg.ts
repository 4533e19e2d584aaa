/** A text as the content or an attribute of an element. */
export const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // What XML has no way to write.
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');

type Attributes = Readonly<Record<string, string | number>>;

const number = (value: number): string => String(Math.round(value * 100) / 100);

/** One element; `content` is markup. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const list = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? number(value) : escapeText(value);
    return ` ${key}="${text}"`;
  });
  return `<${name}${list.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Description of a path through points, with round corners. */
export function roundedPath(points: readonly Point[], radius: number): string {
  const at = ({ x, y }: Point) => `${number(x)},${number(y)}`;
  const parts = points.map((point, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (before === undefined) return `M${at(point)}`;
    if (after === undefined) return `L${at(point)}`;
    return `L${at(towards(point, before, radius))}Q${at(point)} ${at(towards(point, after, radius))}`;
  });
  return parts.join('');
}

/** The point at some distance from another on the way to a third, half the way at most. */
function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(distance, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

/** Width of a text, in units of a sans-serif font of this size; rather too wide than too narrow. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const char of text) {
    if (/[ .,:;|il'1!]/.test(char)) width += char === '1' ? 0.62 : 0.34;
    else if (/[\u1100-\uffdc]/.test(char)) width += 1;
    else width += /[A-Zmw×+]/.test(char) ? 0.74 : 0.61;
  }
  return width * size;
}
