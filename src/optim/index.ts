export * from './clip.ts';
export * from './evaluation-step.ts';
export * from './groups.ts';
export type { InputTensors, InputTypes } from './inputs.ts';
export * from './optimizers.ts';
export * from './schedules.ts';
export * from './train-step.ts';
export { averageName, type ProgramVariable, startingValues } from './variables.ts';
