/**
 * Packs `rows` matrix rows (each contiguous along the depth) as a panel dst [depth, width], zeros in the columns beyond
 * `rows`. `rowBytes` is the distance between source rows.
 */
export function packRows(
  dst: usize,
  src: usize,
  rowBytes: i32,
  rows: i32,
  width: i32,
  depth: i32,
): void {
  const step = width << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4)
    interleave4(dst + (row << 2), step, src + row * rowBytes, rowBytes, depth);
  if (row + 2 <= rows) {
    interleave2(dst + (row << 2), step, src + row * rowBytes, rowBytes, depth);
    row += 2;
  }
  for (; row < width; row++) {
    const column = dst + (row << 2);
    if (row < rows) {
      const from = src + row * rowBytes;
      for (let k = 0; k < depth; k++) store<f32>(column + k * step, load<f32>(from + (k << 2)));
    } else {
      for (let k = 0; k < depth; k++) store<f32>(column + k * step, 0);
    }
  }
}

/** dst [depth, 4], rows `step` bytes apart, from four source rows. */
export function interleave4(dst: usize, step: i32, src: usize, rowBytes: i32, depth: i32): void {
  const src1 = src + rowBytes;
  const src2 = src1 + rowBytes;
  const src3 = src2 + rowBytes;
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    const at = k << 2;
    const r0 = v128.load(src + at);
    const r1 = v128.load(src1 + at);
    const r2 = v128.load(src2 + at);
    const r3 = v128.load(src3 + at);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(dst, v128.shuffle<f64>(low01, low23, 0, 2));
    v128.store(dst + step, v128.shuffle<f64>(low01, low23, 1, 3));
    v128.store(dst + 2 * step, v128.shuffle<f64>(high01, high23, 0, 2));
    v128.store(dst + 3 * step, v128.shuffle<f64>(high01, high23, 1, 3));
    dst += 4 * step;
  }
  for (; k < depth; k++) {
    const at = k << 2;
    store<f32>(dst, load<f32>(src + at));
    store<f32>(dst, load<f32>(src1 + at), 4);
    store<f32>(dst, load<f32>(src2 + at), 8);
    store<f32>(dst, load<f32>(src3 + at), 12);
    dst += step;
  }
}

function interleave2(dst: usize, step: i32, src: usize, rowBytes: i32, depth: i32): void {
  const src1 = src + rowBytes;
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    const at = k << 2;
    const r0 = v128.load(src + at);
    const r1 = v128.load(src1 + at);
    const low = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    v128.store64_lane(dst, low, 0);
    v128.store64_lane(dst + step, low, 1);
    v128.store64_lane(dst + 2 * step, high, 0);
    v128.store64_lane(dst + 3 * step, high, 1);
    dst += 4 * step;
  }
  for (; k < depth; k++) {
    const at = k << 2;
    store<f32>(dst, load<f32>(src + at));
    store<f32>(dst, load<f32>(src1 + at), 4);
    dst += step;
  }
}

/**
 * Packs `columns` matrix columns as a panel dst [depth, width], zeros beyond `columns`; one depth step of the source is
 * contiguous along the columns and `depthBytes` from the next.
 */
export function packColumns(
  dst: usize,
  src: usize,
  depthBytes: i32,
  columns: i32,
  width: i32,
  depth: i32,
): void {
  if (columns == 8 && width == 8) {
    for (let k = 0; k < depth; k++) {
      v128.store(dst, v128.load(src));
      v128.store(dst, v128.load(src, 16), 16);
      dst += 32;
      src += depthBytes;
    }
  } else if (columns == 6 && width == 6) {
    for (let k = 0; k < depth; k++) {
      v128.store(dst, v128.load(src));
      store<u64>(dst, load<u64>(src, 16), 16);
      dst += 24;
      src += depthBytes;
    }
  } else {
    for (let k = 0; k < depth; k++) {
      for (let column = 0; column < width; column++) {
        store<f32>(dst + (column << 2), column < columns ? load<f32>(src + (column << 2)) : 0);
      }
      dst += width << 2;
      src += depthBytes;
    }
  }
}
