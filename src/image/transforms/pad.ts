import { defineTransform } from '../define-transform.ts';
import { PADDING_MODES, type Sides } from '../kernels/edges.ts';
import { choice, fill, padding, probability, range } from '../options.ts';
import { uniformIn } from '../random.ts';
import { padTarget } from './crop.ts';

export const pad = defineTransform({
  name: 'pad',
  doc: 'Adds edges.',
  options: {
    padding: padding('Pixels to add.', undefined),
    fill: fill(),
    paddingMode: choice('How the image continues beyond its edges.', PADDING_MODES, 'constant'),
  },
  apply(target, _, { padding, fill, paddingMode }) {
    const [left, top, right, bottom] = padding ?? [0, 0, 0, 0];
    return padTarget(target, { left, top, right, bottom }, fill, paddingMode);
  },
});

export const randomZoomOut = defineTransform({
  name: 'randomZoomOut',
  doc: 'Puts the image somewhere on a larger canvas of one colour.',
  options: {
    fill: fill(),
    sideRange: range('Side of the canvas by side of the image.', [1, 4], { min: 1 }),
    p: probability(),
  },
  draw(random, { image }, { sideRange }): Sides {
    const factor = uniformIn(random, ...sideRange);
    const across = Math.trunc(image.width * factor) - image.width;
    const down = Math.trunc(image.height * factor) - image.height;
    const left = Math.trunc(across * random.uniform());
    const top = Math.trunc(down * random.uniform());
    return { left, top, right: across - left, bottom: down - top };
  },
  apply: (target, sides, { fill }) => padTarget(target, sides, fill, 'constant'),
});
