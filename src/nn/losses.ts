import { constant, sameShape, shapeError, sizeOf, type Tensor } from '../graph/index.ts';
import {
  abs,
  add,
  cast,
  div,
  equal,
  exp,
  greater,
  less,
  log,
  logSoftmax,
  maximum,
  mean,
  mul,
  neg,
  oneHot,
  reshape,
  select,
  sub,
  sum,
  transpose,
} from '../ops/index.ts';

/** What becomes of the losses of single elements: their mean, their sum, or nothing. */
export type Reduction = 'mean' | 'sum' | 'none';

const reduce = (losses: Tensor, reduction: Reduction = 'mean'): Tensor =>
  reduction === 'none' ? losses : reduction === 'sum' ? sum(losses) : mean(losses);

export interface CrossEntropyOptions {
  /** Share of each target that is spread evenly over all classes, 0 … 1. */
  readonly labelSmoothing?: number | undefined;
  /** One weight per class [k]. */
  readonly weights?: Tensor | undefined;
  /** Integer targets of this value count for nothing; -100 by default, as in PyTorch. */
  readonly ignoreIndex?: number | undefined;
  readonly reduction?: Reduction | undefined;
}

/**
 * Cross-entropy of logits [n, k, ...] with classes [n, ...] (int32 or uint8) or with probabilities
 * [n, k, ...], in nats. The mean of classes divides by the sum of their weights, that of
 * probabilities by the number of rows; without reduction the result is [n, ...]. Logits may be −∞,
 * which makes a class impossible. PyTorch's CrossEntropyLoss.
 *
 * @throws ShapeError when the shapes do not fit
 */
export function crossEntropy(
  logits: Tensor,
  target: Tensor,
  { labelSmoothing = 0, weights, ignoreIndex = -100, reduction = 'mean' }: CrossEntropyOptions = {},
): Tensor {
  const classes = logits.shape[1];
  if (classes === undefined)
    throw shapeError('crossEntropy', 'logits need classes on axis 1', { logits });
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw shapeError('crossEntropy', 'labelSmoothing must lie in 0 … 1', { labelSmoothing });
  }
  if (weights !== undefined && !sameShape(weights.shape, [classes])) {
    throw shapeError('crossEntropy', 'weights must hold one number per class', { logits, weights });
  }
  const perClass = weights && reshape(weights, { shape: onAxis1(classes, logits) });
  const weighted = (rows: Tensor) => (perClass ? mul(rows, perClass) : rows);
  const spread = labelSmoothing / classes;

  // A row's loss is −Σ share·log p over the classes. Whatever else the shares are multiplied with
  // comes before the logarithms, so that little is left to do on the way back.
  let shares: Tensor;
  let scale = (rows: Tensor) => mul(rows, -classes / sizeOf(logits.shape));
  let logs = logSoftmax(logits, { axis: 1 });
  if (target.dtype === 'float32') {
    if (!sameShape(target.shape, logits.shape)) {
      throw shapeError('crossEntropy', 'probabilities must have the shape of logits', {
        logits,
        target,
      });
    }
    shares = weighted(add(mul(target, 1 - labelSmoothing), spread));
  } else {
    const hot = classRows(logits, target, ignoreIndex);
    const chosen = weighted(hot);
    // A byte is never -100, so that every row counts.
    const allCount = target.dtype === 'uint8' && ignoreIndex < 0 && weights === undefined;
    if (!allCount) scale = (rows) => div(rows, neg(sum(chosen)));
    shares = chosen;
    if (labelSmoothing > 0) {
      // Rows that are ignored have no share to spread.
      const present = sum(hot, { axes: [1], keepDims: true });
      shares = add(mul(chosen, 1 - labelSmoothing), weighted(mul(present, spread)));
    }
    // A class without a share costs nothing even where it is impossible: 0·∞ would be NaN.
    logs = select(equal(shares, 0), 0, logs);
  }
  const factors = reduction === 'mean' ? scale(shares) : neg(shares);
  const products = mul(factors, logs);
  return sum(products, reduction === 'none' ? { axes: [1] } : {});
}

const onAxis1 = (size: number, like: Tensor): number[] =>
  like.shape.slice(1).map((_, i) => (i === 0 ? size : 1));

/** Classes [n, ...] as rows of 0 and 1 [n, k, ...]; all 0 where a class is ignored. */
function classRows(logits: Tensor, target: Tensor, ignoreIndex: number): Tensor {
  const [n, classes, ...rest] = logits.shape as [number, number, ...number[]];
  if (!sameShape(target.shape, [n, ...rest])) {
    throw shapeError('crossEntropy', 'classes must have the shape of logits without axis 1', {
      logits,
      target,
    });
  }
  let indices = target;
  if (ignoreIndex >= 0 && ignoreIndex < classes) {
    const wide = cast(target, { dtype: 'int32' });
    indices = select(equal(wide, ignoreIndex), constant(-1, [], 'int32'), wide);
  }
  const rows = oneHot(indices, { classes });
  if (rest.length === 0) return rows;
  return transpose(rows, { axes: [0, rest.length + 1, ...rest.map((_, i) => i + 1)] });
}

function checkSame(op: string, x: Tensor, target: Tensor): void {
  if (!sameShape(x.shape, target.shape)) {
    throw shapeError(op, 'x and target must have one shape', { x, target });
  }
}

export interface BinaryCrossEntropyOptions {
  /** Multiplies each element's loss; broadcasts. */
  readonly weight?: Tensor | undefined;
  /** Multiplies the part of positive targets; broadcasts. */
  readonly posWeight?: Tensor | undefined;
  readonly reduction?: Reduction | undefined;
}

/**
 * Cross-entropy of logits x with probabilities `target`, one decision an element, in a form that
 * does not overflow. PyTorch's BCEWithLogitsLoss.
 */
export function binaryCrossEntropyWithLogits(
  x: Tensor,
  target: Tensor,
  { weight, posWeight, reduction }: BinaryCrossEntropyOptions = {},
): Tensor {
  checkSame('binaryCrossEntropyWithLogits', x, target);
  // −log σ(x) = max(−x, 0) + log(1 + exp(−|x|)), cut at 0 so that its slope there is −1/2.
  const positive = greater(x, 0);
  const minus = neg(x);
  const surprise = add(select(positive, 0, minus), log(add(exp(select(positive, minus, x)), 1)));
  const factor = posWeight && add(mul(target, sub(posWeight, 1)), 1);
  const losses = add(mul(sub(1, target), x), factor ? mul(factor, surprise) : surprise);
  return reduce(weight ? mul(losses, weight) : losses, reduction);
}

/**
 * Cross-entropy of probabilities p in 0 … 1 with probabilities `target`, one decision an element.
 * Logarithms are cut at −100, as in PyTorch's BCELoss. On logits, `binaryCrossEntropyWithLogits` is
 * more accurate.
 */
export function binaryCrossEntropy(
  p: Tensor,
  target: Tensor,
  { weight, reduction }: Omit<BinaryCrossEntropyOptions, 'posWeight'> = {},
): Tensor {
  checkSame('binaryCrossEntropy', p, target);
  const surprise = (probability: Tensor) => neg(maximum(log(probability), -100));
  const losses = add(mul(target, surprise(p)), mul(sub(1, target), surprise(sub(1, p))));
  return reduce(weight ? mul(losses, weight) : losses, reduction);
}

export interface LossOptions {
  readonly reduction?: Reduction | undefined;
}

/** (x − target)². */
export function meanSquaredError(
  x: Tensor,
  target: Tensor,
  { reduction }: LossOptions = {},
): Tensor {
  checkSame('meanSquaredError', x, target);
  const difference = sub(x, target);
  return reduce(mul(difference, difference), reduction);
}

/** |x − target|. */
export function l1(x: Tensor, target: Tensor, { reduction }: LossOptions = {}): Tensor {
  checkSame('l1', x, target);
  return reduce(abs(sub(x, target)), reduction);
}

/** d²/(2·beta) where d = |x − target| is below beta, d − beta/2 elsewhere (Girshick 2015, eq. 3). */
export function smoothL1(
  x: Tensor,
  target: Tensor,
  { beta = 1, reduction }: LossOptions & { readonly beta?: number | undefined } = {},
): Tensor {
  checkSame('smoothL1', x, target);
  if (!(beta > 0)) throw shapeError('smoothL1', 'beta must be above 0; 0 would be l1', { beta });
  const d = abs(sub(x, target));
  return reduce(select(less(d, beta), mul(mul(d, d), 0.5 / beta), sub(d, beta / 2)), reduction);
}
