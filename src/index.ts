/**
 * Tensors, ops, gradients, and compiling for an engine. Runs anywhere. Layers, optimisers, models,
 * data, the trainer and the engines have entry points of their own: `fovea/nn`, `fovea/optim`, …
 *
 * @module
 */
export { describePlan } from './engines/describe-plan.ts';
export type { Arrays, Engine, Executable, Plan, PlanStep, Variables } from './engines/engine.ts';
export * from './graph/index.ts';
export * from './ops/index.ts';
export { type Compiled, type CompileOptions, compile, evaluate } from './train/compile.ts';
