export * from './argmax';
export * from './avg-pool';
export * from './batch-norm';
export * from './batch-norm-rows';
export * from './binary';
export * from './cast';
export * from './compare';
export * from './conv2d';
export * from './conv2d-input-grad';
export * from './conv2d-weight-grad';
export * from './conv-winograd';
export * from './copy';
export * from './indexing';
export * from './matmul';
export * from './max-pool';
export * from './random-drop';
export * from './reduce';
export * from './softmax';
export * from './standardize';
export * from './unary';
export * from './unary-grad';
export * from './update';
// Exported so that the compiler leaves them alone: inlined into their only caller, V8 spills their
// accumulators and they run at half speed.
export { kernel2, kernel4, kernel6 } from './gemm-kernel';
