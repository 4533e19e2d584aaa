import { imageFormat } from '../../image/format.ts';

/** Whether a file's end is missing, as far as its format has a mark there. */
export function isTruncated(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (imageFormat(bytes)) {
    case 'jpeg':
      // The end of image after the start of the last scan; previews have both inside of the header.
      return (
        file.lastIndexOf(Uint8Array.of(0xff, 0xd9)) <= file.lastIndexOf(Uint8Array.of(0xff, 0xda))
      );
    case 'png':
      return !file.includes('IEND', -64 * 1024, 'latin1');
    case 'gif':
      return file.at(-1) !== 0x3b;
    case 'webp':
      return file.readUInt32LE(4) + 8 > file.length;
    default:
      return false;
  }
}
