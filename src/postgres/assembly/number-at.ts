import { LENGTH_BYTES, lengthAt } from './fields';
import { numeric } from './numeric';

/** Stands for a type of PostgreSQL that is none of WebAssembly. */
export class Numeric {}

/** The double nearest to the value of the field at `at`; NaN for NaN and for what needs another look. */
// @ts-ignore: decorator
@inline
export function numberAt<T>(at: usize): f64 {
  const length = lengthAt(at);
  at += LENGTH_BYTES;
  if (isReference<T>()) return numeric(at, length);
  if (length != <i32>sizeof<T>()) return NaN;
  if (isFloat<T>()) {
    if (sizeof<T>() == 4) return <f64>reinterpret<f32>(bswap<u32>(load<u32>(at)));
    return reinterpret<f64>(bswap<u64>(load<u64>(at)));
  }
  if (sizeof<T>() == 1) return <f64>load<u8>(at);
  if (sizeof<T>() == 2) return <f64>(<i16>bswap<u16>(load<u16>(at)));
  if (sizeof<T>() == 4) return <f64>(<i32>bswap<u32>(load<u32>(at)));
  return <f64>(<i64>bswap<u64>(load<u64>(at)));
}
