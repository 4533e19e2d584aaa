/** A circle that gets a label of some width. All lengths are in pixels. */
export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly width: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

const box = (x: number, y: number, width: number, height: number): Box => ({
  ...{ left: x - width / 2, right: x + width / 2 },
  ...{ bottom: y - height / 2, top: y + height / 2 },
});

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.top, b.top) - Math.max(a.bottom, b.bottom));

/** A label that hides another one is worse than one that lies over a circle. */
const LABEL_COST = 4;
/** Of each pixel between a label and its circle, in square pixels. */
const DISTANCE_COST = 4;
const FARTHEST = 12;
/** Later places make room for earlier ones. */
const PASSES = 3;

/**
 * Centres of labels beside their circles, on the side where they cover least of other circles and
 * labels; none leaves the picture if it can be helped.
 */
export function besideCircles(
  circles: readonly Labelled[],
  picture: { readonly width: number; readonly height: number },
  height: number,
): readonly { readonly x: number; readonly y: number }[] {
  const discs = circles.map(({ x, y, r }) => box(x, y, 2 * r, 2 * r));
  const labels: (Box | undefined)[] = circles.map(() => undefined);
  const isOutside = ({ left, right, bottom, top }: Box): boolean =>
    left < 0 || right > picture.width || bottom < 0 || top > picture.height;
  const covered = (at: Box, others: readonly (Box | undefined)[], own: number): number =>
    others.reduce((sum, other, i) => sum + (i === own || !other ? 0 : overlap(at, other)), 0);

  for (let pass = 0; pass < PASSES; pass++) {
    circles.forEach(({ x, y, r, width }, i) => {
      let lowest = Number.POSITIVE_INFINITY;
      for (const distance of [0, FARTHEST]) {
        const beside = r + distance + width / 2;
        const above = r + distance + height / 2;
        const places = [
          // Inside, if it has room there.
          ...(width < 2 * r ? [[0, 0] as const] : []),
          ...[
            [beside, 0] as const,
            [-beside, 0] as const,
            [0, above] as const,
            [0, -above] as const,
          ],
          ...[-1, 1].flatMap((across) =>
            [-1, 1].map((up) => [across * beside, up * height] as const),
          ),
        ];
        for (const [dx, dy] of places) {
          const at = box(x + dx, y + dy, width, height);
          const cost =
            covered(at, discs, i) +
            LABEL_COST * covered(at, labels, i) +
            DISTANCE_COST * distance +
            (isOutside(at) ? picture.width * picture.height : 0);
          if (cost >= lowest) continue;
          lowest = cost;
          labels[i] = at;
        }
      }
    });
  }
  return labels.map((at) => ({
    x: (at!.left + at!.right) / 2,
    y: (at!.bottom + at!.top) / 2,
  }));
}
