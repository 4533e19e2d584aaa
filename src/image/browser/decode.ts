import {
  checkBytes,
  checkFile,
  checkPixels,
  DECODE_DEFAULTS,
  type DecodedImage,
  type DecodeOptions,
  decodeError,
  fromSamples,
} from '../decode-options.ts';
import { claimedSize } from '../format.ts';

/**
 * Decodes whatever image the browser can (JPEG, PNG, WebP, GIF, usually AVIF), upright, the first
 * picture of an animation. `enough` is not used: browsers decode at full size.
 *
 * @throws FormatError for whatever is not an intact image within the limits: one line, with the name
 */
export async function decodeImage(
  source: Blob | Uint8Array<ArrayBuffer>,
  options: DecodeOptions = {},
  name = source instanceof File ? source.name : 'image',
): Promise<DecodedImage> {
  const { channels, background, maxPixels, maxBytes } = { ...DECODE_DEFAULTS, ...options };
  checkBytes(name, source instanceof Blob ? source.size : source.length, maxBytes);
  const bytes = source instanceof Blob ? new Uint8Array(await source.arrayBuffer()) : source;
  checkFile(name, bytes, maxBytes);
  // A bomb must be found before the browser makes room for it.
  const claimed = claimedSize(bytes);
  if (claimed) checkPixels(name, claimed.width, claimed.height, maxPixels);
  try {
    const bitmap = await createImageBitmap(new Blob([bytes]), {
      imageOrientation: 'from-image',
      colorSpaceConversion: 'none',
    });
    const { width, height } = bitmap;
    checkPixels(name, width, height, maxPixels);
    const context = new OffscreenCanvas(width, height).getContext('2d', {
      willReadFrequently: true,
    })!;
    context.fillStyle = `rgb(${background.join(' ')})`;
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = context.getImageData(0, 0, width, height);
    const samples = new Uint8Array(data.buffer);
    return { image: fromSamples(samples, width, height, channels), original: { width, height } };
  } catch (cause) {
    throw decodeError(name, cause);
  }
}
