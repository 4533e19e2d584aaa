import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { input, type Tensor } from '../../graph/index.ts';
import { model, modelEntry } from '../../models/index.ts';
import { conv, flatten, type Layer, layer, linear, pipe, sequential } from '../../nn/index.ts';
import { add, relu } from '../../ops/index.ts';
import { drawArchitecture } from './architecture.ts';
import { type Item, structureOf } from './structure.ts';
import { escapeText, textWidth } from './svg.ts';

function draw(name: string): string {
  const { channels, size } = modelEntry(name).options;
  return drawArchitecture(model(name), [1, channels, size, size], { title: name });
}

/** Items as nested lists of words. */
const words = (items: readonly Item[]): unknown[] => items.map(wordOf);

function wordOf(item: Item): unknown {
  if (item.kind === 'box') return [item.unit.label, ...item.unit.notes].join(', ');
  if (item.kind === 'group') return { [`${item.title}×${item.times}`]: words(item.items) };
  return { [item.join?.label ?? 'ends']: item.branches.map(words) };
}

function wordsOf(net: (x: Tensor) => unknown, shape: readonly number[]): unknown[] {
  return words(structureOf(net, input('x', shape)).items);
}

describe('the structure of a net', () => {
  it('has a box for each op with what follows it', () => {
    expect(wordsOf(model('lenet'), [1, 1, 28, 28])).toEqual([
      '5×5 conv, 6, sigmoid',
      '2×2 average pool, stride 2',
      '5×5 conv, 16, sigmoid',
      '2×2 average pool, stride 2',
      'dense, 120, sigmoid',
      'dense, 84, sigmoid',
      'dense, 10',
    ]);
  });

  it('puts equal blocks together, and shows shortcuts', () => {
    const [stem, pool, first, second] = wordsOf(model('resnet34'), [1, 3, 224, 224]);
    expect([stem, pool]).toEqual(['7×7 conv, 64, stride 2, BN, ReLU', '3×3 max pool, stride 2']);
    const body = ['3×3 conv, 64, BN, ReLU', '3×3 conv, 64, BN'];
    expect(first).toEqual({ 'residual×3': [{ '+': [body, []] }, 'ReLU'] });
    const strided = ['3×3 conv, 128, stride 2, BN, ReLU', '3×3 conv, 128, BN'];
    expect(second).toEqual({
      'residual×1': [{ '+': [strided, ['1×1 conv, 128, stride 2, BN']] }, 'ReLU'],
    });
  });

  it('shows paths side by side in the order of their channels', () => {
    const block = wordsOf(model('googlenet-book'), [1, 1, 96, 96])[5];
    const paths = [
      ['1×1 conv, 64, ReLU'],
      ['1×1 conv, 96, ReLU', '3×3 conv, 128, ReLU'],
      ['1×1 conv, 16, ReLU', '5×5 conv, 32, ReLU'],
      ['3×3 max pool', '1×1 conv, 32, ReLU'],
    ];
    expect(block).toEqual({ 'inception×1': [{ concat: paths }] });
  });

  it('shows that a dense block keeps what it has', () => {
    const block = wordsOf(model('densenet-book'), [1, 1, 96, 96])[2];
    const grow = { concat: [['BN, ReLU', '3×3 conv, 32'], []] };
    expect(block).toEqual({ 'dense block×1': [{ '×4': [grow] }] });
  });

  it('lets several results end', () => {
    const heads = layer('heads', { a: linear(4, 2), b: linear(4, 3) }, (l, x) => {
      const y = relu(x);
      return { a: l.a(y), b: l.b(y) };
    });
    expect(wordsOf(heads, [1, 4])).toEqual(['ReLU', { ends: [['dense, 2'], ['dense, 3']] }]);
    expect(drawArchitecture(heads, [1, 4], { title: 'heads' })).toContain('dense, 3');
  });

  it('is refused where paths cross', () => {
    const [a, b, c] = [conv(1, 1, 1), conv(1, 1, 1), conv(1, 1, 1)];
    const crossing = layer('crossing', { a, b, c }, (l, x): Tensor => {
      const [p, q] = [l.a(x), l.b(x)];
      return add(add(p, q), l.c(q));
    });
    expect(() => wordsOf(crossing, [1, 1, 4, 4])).toThrow(/paths cross/);
  });
});

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function rectsOf(svg: string): Rect[] {
  return [...svg.matchAll(/<rect ([^>]*)>/g)].map(([, text]) => {
    const pairs = [...text!.matchAll(/([\w-]+)="([^"]*)"/g)];
    const {
      x = '0',
      y = '0',
      width,
      height,
    } = Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
    return { x: Number(x), y: Number(y), width: Number(width), height: Number(height) };
  });
}

describe('the picture of a net', () => {
  const names = [
    'lenet',
    'alexnet-book',
    'vgg11-book',
    'vgg19',
    'nin',
    'googlenet-book',
    'resnet20',
  ];
  const more = ['resnet18-book', 'densenet-book', 'resnet50', 'squeezenet1_1', 'mobilenet_v2'];
  it.each([...names, ...more, 'resnet50-v2', 'resnext50_32x4d', 'densenet121', 'mlp'])(
    'of %s is well formed, and every text lies inside it',
    async (name) => {
      const svg = draw(name);
      const { width, height, format } = await sharp(Buffer.from(svg)).metadata();
      expect(format).toBe('svg');
      expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
      const texts = svg.matchAll(
        /<text x="([\d.-]+)" y="([\d.-]+)" font-size="(\d+)"[^>]*text-anchor="(\w+)"[^>]*>([^<]*)</g,
      );
      for (const [, x, y, size, anchor, content] of texts) {
        const wide = textWidth(content!, Number(size));
        const left = Number(x) - { start: 0, middle: wide / 2, end: wide }[anchor!]!;
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left + wide).toBeLessThanOrEqual(width!);
        expect(Number(y)).toBeLessThanOrEqual(height!);
      }
    },
  );

  it.each(more)('of %s has no boxes that cut each other', (name) => {
    const rects = rectsOf(draw(name));
    const cut = (a: Rect, b: Rect): boolean => {
      const wide = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
      const high = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
      if (wide <= 0 || high <= 0) return false;
      const area = wide * high;
      const small = Math.min(a.width * a.height, b.width * b.height);
      // One holds the other, or it is the second frame of a repetition, 4 to the side.
      const isShadow = Math.abs(a.width - b.width) < 0.1 && Math.abs(Math.abs(a.x - b.x) - 4) < 0.1;
      return area < small - 1 && !isShadow;
    };
    rects.forEach((a, i) => {
      for (const b of rects.slice(i + 1))
        expect({ a, b, cut: cut(a, b) }).toEqual({ a, b, cut: false });
    });
    expect(rects.length).toBeGreaterThan(10);
    expect(rects.every((rect) => Object.values(rect).every(Number.isFinite))).toBe(true);
  });

  it('escapes what is written', async () => {
    const net: Layer = sequential(conv(1, 2, 3), flatten);
    const options = { title: '<a & "b">', subtitle: 'x < y\u0000' };
    const svg = drawArchitecture((x) => pipe(x, net), [1, 1, 5, 5], options);
    expect(svg).toContain('<title>&lt;a &amp; &quot;b&quot;&gt;</title>');
    expect(svg).toContain('x &lt; y\ufffd');
    expect((await sharp(Buffer.from(svg)).metadata()).format).toBe('svg');
  });

  it('is the same every time', () => {
    expect(draw('resnet18')).toBe(draw('resnet18'));
  });
});

it('leaves pairs of surrogates alone when it escapes', () => {
  expect(escapeText('\u{1f41f} \ud800')).toBe('\u{1f41f} \ufffd');
});
