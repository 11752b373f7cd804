/** No double from here on is sure to be the very integer that was written. */
export const MANY: f64 = 9007199254740992;

/** Powers of ten that are exact doubles. */
const POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

/** The double nearest to `digits`, less than 2^53, times ten to a power from -22 to 22: one rounding of two exact doubles. */
// @ts-ignore: decorator
@inline
export function scaled(digits: u64, exponent: i32): f64 {
  return exponent < 0
    ? <f64>digits / load<f64>(POWERS + (<usize>-exponent << 3))
    : <f64>digits * load<f64>(POWERS + (<usize>exponent << 3));
}
