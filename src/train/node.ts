export * from './index.ts';
export { engineNames, selectEngine } from './node/engines.ts';
export { type EvaluateOptions, evaluate } from './node/evaluate.ts';
export {
  measureInProcess,
  type ProcessMeasurement,
  type ProcessMeasureOptions,
} from './node/measure-process.ts';
export { type Prediction, type PredictOptions, predict } from './node/predict.ts';
export { type ReproduceOptions, type Reproduction, reproduce } from './node/reproduce.ts';
export { type ResumeOptions, resume, train } from './node/train.ts';
