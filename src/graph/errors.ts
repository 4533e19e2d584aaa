/** Base of every error that Fovea reports to its user. One line: what, the rule, the way out. */
export class FoveaError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Shapes or attributes of an op do not fit together. Thrown while the graph is built. */
export class ShapeError extends FoveaError {}

/** An op does not take this element type. Thrown while the graph is built. */
export class DTypeError extends FoveaError {}

/** An engine is missing, lacks something, or failed to run. */
export class EngineError extends FoveaError {}

/** A file or byte stream from outside is not what it should be. The message names the file. */
export class FormatError extends FoveaError {}

/** The caller asked for something that does not exist or contradicts itself. */
export class UsageError extends FoveaError {}

/** Checks what only a bug of ours could break. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`this is a bug in Fovea, please report it: ${message}`);
}
