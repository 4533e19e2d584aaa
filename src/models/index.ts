export * from './catalogue.ts';
export type { ClassifierOptions, ModelEntry, ModelOptions } from './entry.ts';
export { type LenetVariant, lenet } from './lenet.ts';
export { mlp } from './mlp.ts';
