import { shapeError } from '../graph/index.ts';

/** Checks sizes that a layer is made with: whole numbers, 1 or more. */
export function checkSizes(layer: string, sizes: Record<string, number>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1) {
      throw shapeError(layer, `${name} must be a whole number, 1 or more`, { [name]: size });
    }
  }
}
