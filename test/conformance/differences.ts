import { interpret, type Numbers } from '../../src/engines/reference/interpret.ts';
import { randomStream } from '../../src/graph/index.ts';
import {
  type Built,
  type BuiltGradient,
  buildCase,
  buildGradient,
  type Case,
  caseName,
} from './cases.ts';

/** Balances truncation, ∝ h², against rounding, ∝ 2⁻⁵³/h. */
const h = 1e-5;
const tolerance = 1e-6;
/** Inputs with more elements than this are tried on some of them, and in random directions. */
const most = 48;

/**
 * Central differences of Σ r·y in float64 against the vector-Jacobian product, for every
 * floating-point input. A direction moves all elements at once, so that none goes untried.
 */
export function gradientErrors(given: Case): string[] {
  const built = buildCase(given);
  const gradient = buildGradient(given, built);
  const { outputs: grads } = interpret(gradient.program, built.feeds);
  return gradient.wrt.flatMap((name) => {
    const grad = grads[name]!;
    const scale = Math.max(1, ...grad.map(Math.abs));
    return directions(name, grad.length).flatMap((direction) => {
      const want = slope(built, gradient, name, direction);
      const got = direction.reduce((sum, d, i) => sum + d * grad[i]!, 0);
      const length = Math.hypot(...direction);
      if (Math.abs(got - want) <= tolerance * scale * length) return [];
      const where = length === 1 ? `[${direction.indexOf(1)}]` : ' in a random direction';
      return [
        `${caseName(given)}: gradient of ${name}${where} is ${got}, differences give ${want}`,
      ];
    });
  });
}

function directions(name: string, size: number): Float64Array[] {
  const uniform = randomStream([size, name.length], 7);
  const unit = (i: number) => {
    const direction = new Float64Array(size);
    direction[i] = 1;
    return direction;
  };
  if (size <= most) return Array.from({ length: size }, (_, i) => unit(i));
  const some = Array.from({ length: most / 2 }, () => unit(Math.floor(uniform() * size)));
  const signs = Array.from({ length: 4 }, () =>
    new Float64Array(size).map(() => (uniform() < 0.5 ? -1 : 1)),
  );
  return [...some, ...signs];
}

function slope(
  { program, feeds }: Built,
  { weights }: BuiltGradient,
  name: string,
  direction: Float64Array,
): number {
  const lossAt = (distance: number): number => {
    const moved: Numbers = {
      ...feeds,
      [name]: direction.map((d, i) => feeds[name]![i]! + distance * d),
    };
    const { outputs } = interpret(program, moved);
    return Object.entries(weights).reduce(
      (total, [output, r]) => total + r.reduce((sum, w, i) => sum + w * outputs[output]![i]!, 0),
      0,
    );
  };
  return (lossAt(h) - lossAt(-h)) / (2 * h);
}
