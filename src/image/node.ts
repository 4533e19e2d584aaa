export { decodeImage } from './node/decode.ts';
export { type EncodedFormat, type EncodeOptions, encodeImage } from './node/encode.ts';
