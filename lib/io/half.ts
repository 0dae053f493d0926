// 16-bit floats, which halve the size of files: half precision (IEEE 754 binary16: 11 significant bits, up to 65504), and bfloat16 (8
// significant bits, the range of f32).

export const maxHalf = 65504;

/** The values of halves, exactly. */
export function widenHalves(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  const bits = new Uint32Array(values.buffer);
  halves.forEach((half, i) => {
    const magnitude = half & 0x7fff;
    if (magnitude < 0x7c00) {
      // With exponent and fraction moved to their positions in an f32, the value is 2^112 times too small, even if subnormal: the biases are 15
      // and 127.
      bits[i] = magnitude << 13;
      values[i]! *= 2 ** 112;
    } else bits[i] = 0x7f800000 | ((magnitude & 0x3ff) << 13);
    bits[i]! |= (half & 0x8000) << 16;
  });
  return values;
}

/** The values of bfloat16, exactly: each is the upper half of an f32. */
export function widenBfloats(bfloats: Uint16Array): Float32Array {
  const values = new Float32Array(bfloats.length);
  const bits = new Uint32Array(values.buffer);
  bfloats.forEach((bfloat, i) => {
    bits[i] = bfloat << 16;
  });
  return values;
}

/** The nearest halves, ties to even; infinity from 65520. */
export function nearestHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const sum = new Float32Array(1);
  const sumBits = new Uint32Array(sum.buffer);
  return Uint16Array.from(bits, (all, i) => {
    const sign = (all >>> 16) & 0x8000;
    const magnitude = all & 0x7fffffff;
    if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
    if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and more
    if (magnitude >= 0x38800000)
      // 2^-14 and more: rounding the fraction of the half may carry into its exponent.
      return sign | ((magnitude - (112 << 23) + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    // Subnormals are multiples of 2^-24, which is the last place of 0.5 in an f32, so the addition rounds.
    sum[0] = Math.abs(values[i]!) + 0.5;
    return sign | (sumBits[0]! - 0x3f000000);
  });
}
