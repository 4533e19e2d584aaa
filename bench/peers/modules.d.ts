// The part of the peers' packages that is used here. They are installed for benchmarks only, so
// their own types are not there when this folder is checked.

declare module '@tensorflow/tfjs-core' {
  export interface Tensor {
    readonly shape: number[];
    data(): Promise<Float32Array>;
    dataSync(): Float32Array;
    dispose(): void;
  }
  export interface ConvOptions {
    readonly x: Tensor;
    readonly filter: Tensor;
    readonly strides: readonly number[];
    readonly pad: number | 'valid';
    readonly dilations?: readonly number[];
    readonly dimRoundingMode?: 'floor';
    readonly bias?: Tensor | undefined;
    readonly activation?: 'relu' | 'sigmoid' | 'linear';
  }
  export const version_core: string;
  export const fused: { conv2d(options: ConvOptions): Tensor };
  export const train: {
    sgd(lr: number): { minimize(loss: () => Tensor, returnCost: true): Tensor };
  };
  export const losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  export function ready(): Promise<void>;
  export function setBackend(name: string): Promise<boolean>;
  export function reshape(x: Tensor, shape: readonly number[]): Tensor;
  export function transpose(x: Tensor, axes: readonly number[]): Tensor;
  export function tidy<T>(f: () => T): T;
  export function tensor(
    values: ArrayLike<number>,
    shape: readonly number[],
    dtype?: string,
  ): Tensor;
  export function variable(x: Tensor): Tensor;
  export function oneHot(x: Tensor, depth: number): Tensor;
  export function add(a: Tensor, b: Tensor): Tensor;
  export function sub(a: Tensor, b: Tensor): Tensor;
  export function mul(a: Tensor, b: Tensor): Tensor;
  export function rsqrt(x: Tensor): Tensor;
  export function relu(x: Tensor): Tensor;
  export function sigmoid(x: Tensor): Tensor;
  export function concat(xs: readonly Tensor[], axis: number): Tensor;
  export function sum(x: Tensor, axes: readonly number[], keepDims: boolean): Tensor;
  export function matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor;
  export function conv2d(x: Tensor, w: Tensor, strides: number, pad: number | 'valid'): Tensor;
  type Pool = (
    x: Tensor,
    kernel: readonly number[],
    strides: readonly number[],
    pad: number | 'valid',
    dimRoundingMode?: 'floor',
  ) => Tensor;
  export const maxPool: Pool;
  export const avgPool: Pool;
}
declare module '@tensorflow/tfjs-backend-wasm' {}
declare module '@tensorflow/tfjs-backend-cpu' {}

declare module 'onnxruntime-node' {
  export class Tensor {
    constructor(type: 'float32', data: Float32Array, dims: readonly number[]);
    readonly data: Float32Array;
  }
  interface Session {
    run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
    release(): Promise<void>;
  }
  export const InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<Session>;
  };
  export const env: { readonly versions: { readonly common: string } };
}

declare module 'protobufjs' {
  interface Type {
    fromObject(value: object): object;
    encode(message: object): { finish(): Uint8Array };
  }
  export class Root {
    static fromJSON(json: object): Root;
    lookupType(name: string): Type;
  }
}
