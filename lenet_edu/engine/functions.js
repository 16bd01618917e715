// @ts-check
/**
 * Logarithm, exponential, sine and cosine by additions, multiplications and divisions alone. Math.log and the like may
 * differ in their last bits from browser to browser; these do not, and are right to about 1e-15.
 */

const bits = new DataView(new ArrayBuffer(8));

/**
 * The natural logarithm of a number above 0. With x = m 2^e and m near 1, log x = e log 2 + 2 atanh((m-1)/(m+1)).
 * @param {number} x
 */
export function log(x) {
  bits.setFloat64(0, x);
  let exponent = (bits.getUint32(0) >>> 20) - 1023;
  bits.setUint32(0, (bits.getUint32(0) & 0xfffff) | (1023 << 20));
  let m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    exponent += 1;
  }
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = 21; k > 0; k -= 2) sum = sum * s * s + 1 / k;
  return exponent * Math.LN2 + 2 * s * sum;
}

/**
 * Sine and cosine of an angle of moderate size: brought within an eighth of a turn, then Taylor's series.
 * @param {number} angle in radians
 */
export function sine(angle) {
  const quarter = Math.round(angle / (Math.PI / 2));
  const x = angle - quarter * (Math.PI / 2);
  let sin = 0;
  let cos = 0;
  for (let k = 16; k > 0; k -= 2) {
    sin = 1 - (sin * x * x) / (k * (k + 1));
    cos = 1 - (cos * x * x) / (k * (k - 1));
  }
  sin *= x;
  const turned = [
    { sin, cos },
    { sin: cos, cos: -sin },
    { sin: -sin, cos: -cos },
    { sin: -cos, cos: sin },
  ];
  return turned[((quarter % 4) + 4) % 4];
}

/**
 * e^x for |x| < 700. With x = k log 2 + r, e^x = 2^k e^r, and e^r is Taylor's series.
 * @param {number} x
 */
export function exp(x) {
  const k = Math.round(x / Math.LN2);
  const r = x - k * Math.LN2;
  let sum = 1;
  for (let n = 18; n > 0; n--) sum = 1 + (sum * r) / n;
  bits.setUint32(0, (k + 1023) << 20);
  bits.setUint32(4, 0);
  return sum * bits.getFloat64(0);
}
