import { defineTransform } from '../define-transform.ts';
import type { Size } from '../image.ts';
import { choice, fill, MAX_SIDE, optionalInteger, size } from '../options.ts';
import type { Target } from '../target.ts';
import { centerRegion, cropTarget } from './crop.ts';
import { resampling, resizeTarget, shorterSide } from './resize.ts';

/** How an image of any shape becomes one of a given size. */
export type FitMode = 'crop' | 'pad' | 'squash';

export const FIT_MODES: readonly FitMode[] = ['crop', 'pad', 'squash'];

/** The size that keeps the shape and covers a size, or fits into it. */
function proportional([h, w]: Size, [height, width]: Size, cover: boolean): Size {
  const factor = (cover ? Math.max : Math.min)(height / h, width / w);
  const side = (pixels: number, bound: number) => {
    const scaled = Math.round(pixels * factor);
    return cover ? Math.max(bound, scaled) : Math.min(bound, Math.max(1, scaled));
  };
  return [side(h, height), side(w, width)];
}

export const fit = defineTransform({
  name: 'fit',
  doc: 'Brings any image to one size: cut at the edges, with added edges, or out of proportion.',
  options: {
    size: size('Height and width of the result.'),
    mode: choice('What happens to an image of another shape.', FIT_MODES, 'crop'),
    shorterSide: optionalInteger('With "crop": shorter side before cutting; null: just enough.', {
      min: 1,
      max: MAX_SIDE,
    }),
    fill: fill(),
    ...resampling,
  },
  apply(target: Target, _, { size, mode, shorterSide: short, fill, ...how }) {
    const from: Size = [target.image.height, target.image.width];
    if (mode === 'squash') return resizeTarget(target, size, how);
    const between =
      mode === 'crop' && short !== null
        ? shorterSide(from, short)
        : proportional(from, size, mode === 'crop');
    const resized = resizeTarget(target, between, how);
    return cropTarget(resized, centerRegion(between, size), fill);
  },
});
