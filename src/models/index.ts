export { type AlexnetOptions, alexnet, alexnetBook } from './alexnet.ts';
export * from './catalogue.ts';
export { type Activation, activations, type Norm, norms } from './choices.ts';
export { type CifarResnetOptions, cifarResnet } from './cifar-resnet.ts';
export {
  type DenseBlockOptions,
  type DensenetOptions,
  type DensenetVariant,
  denseBlock,
  densenet,
  transition,
} from './densenet.ts';
export type { ClassifierOptions, ModelEntry, ModelOptions, Training } from './entry.ts';
export {
  type AuxiliaryLogits,
  auxiliaryCrossEntropy,
  type GooglenetOptions,
  type GooglenetVariant,
  googlenet,
  googlenetWithAuxiliary,
  type InceptionOptions,
  type InceptionWidths,
  inception,
} from './googlenet.ts';
export { type LenetOptions, type LenetVariant, lenet } from './lenet.ts';
export { mlp } from './mlp.ts';
export { invertedResidual, type MobilenetV2Options, mobilenetV2 } from './mobilenet-v2.ts';
export { deepNin, type NinBlockOptions, type NinOptions, nin, ninBlock } from './nin.ts';
export {
  type BottleneckOptions,
  bottleneck,
  preBottleneck,
  preResidual,
  type ResidualOptions,
  residual,
  type Shortcut,
  shortcuts,
} from './residual-blocks.ts';
export { type ResnetOptions, type ResnetVariant, resnet } from './resnet.ts';
export { fire, type SqueezenetOptions, squeezenet } from './squeezenet.ts';
export { type VggOptions, type VggVariant, vgg, vggBlock } from './vgg.ts';
