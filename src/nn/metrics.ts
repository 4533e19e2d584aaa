import { sameShape, shapeError, type Tensor } from '../graph/index.ts';
import { argmax, cast, equal, reshape, sum, topK } from '../ops/index.ts';

/** Classes [n, ...] of a target that holds classes, or probabilities [n, k, ...]. */
function classesOf(target: Tensor): Tensor {
  return target.dtype === 'float32'
    ? argmax(target, { axis: 1 })
    : cast(target, { dtype: 'int32' });
}

/**
 * 1 where the largest of logits [n, k, ...] is that of the target, else 0: [n, ...] float32. The
 * target holds classes [n, ...] or probabilities [n, k, ...].
 */
export function correct(logits: Tensor, target: Tensor): Tensor {
  const guesses = argmax(logits, { axis: 1 });
  const classes = classesOf(target);
  if (!sameShape(guesses.shape, classes.shape)) {
    throw shapeError('correct', 'the target must hold one class for each row', { logits, target });
  }
  return cast(equal(guesses, classes), { dtype: 'float32' });
}

/** 1 where the target is among the k largest of logits [n, classes], else 0: [n] float32. */
export function topKCorrect(logits: Tensor, target: Tensor, k: number): Tensor {
  const [n] = logits.shape;
  const classes = reshape(classesOf(target), { shape: [n!, 1] });
  const hits = equal(topK(logits, { k }).indices, classes);
  return sum(cast(hits, { dtype: 'float32' }), { axes: [1] });
}
