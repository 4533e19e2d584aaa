export { type BookFigure, type BookRecipe, bookRecipe, bookRecipes } from './book.ts';
export { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
export { type ComparisonRow, comparisonSvg } from './comparison.ts';
export {
  type ConfigOption,
  configOptions,
  type OptionName,
  parseOption,
  resolveConfig,
  type TrainConfig,
  type TrainOptions,
} from './config.ts';
export { curvesSvg } from './curves.ts';
export { type DrawingOptions, drawArchitecture } from './drawing/architecture.ts';
export { type EngineChoice, type EngineOptions, selectEngine } from './engines.ts';
export { type Evaluation, evaluateDataset } from './evaluation.ts';
export { type Inference, openInference } from './inference.ts';
export { type Measurement, type MeasureOptions, measure } from './measure.ts';
export { type NetworkMemory, networkMemory, type StepMemory } from './memory.ts';
export { buildNetwork, type Network } from './network.ts';
export {
  chromeTrace,
  type Profile,
  type ProfiledStep,
  type ProfileOptions,
  profile,
} from './profile.ts';
export { type TrainNetworkOptions, trainNetwork } from './trainer.ts';
export type * from './types.ts';
