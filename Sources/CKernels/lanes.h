// Vectors of 16 lanes and the elementary functions on them. Included once per instruction set, inside its
// target region; every operation here rounds once and in the same order on all of them.
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define QK_INLINE static inline __attribute__((always_inline, unused))

typedef float f32x16 __attribute__((ext_vector_type(16)));
typedef float f32x8 __attribute__((ext_vector_type(8)));
typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef double f64x8 __attribute__((ext_vector_type(8)));
typedef int64_t i64x8 __attribute__((ext_vector_type(8)));
typedef int32_t i32x16 __attribute__((ext_vector_type(16)));
typedef uint32_t u32x16 __attribute__((ext_vector_type(16)));
typedef uint16_t u16x16 __attribute__((ext_vector_type(16)));
typedef int8_t i8x16 __attribute__((ext_vector_type(16)));
typedef uint8_t u8x16 __attribute__((ext_vector_type(16)));

// 1.5 * 2^23: adding it rounds |x| < 2^22 to an integer, half to even, held in the low bits of the sum.
#define QK_ROUND 12582912.0f

QK_INLINE f32x16 splat(float x) {
  return (f32x16)(x);
}
QK_INLINE i32x16 splat_i32(int32_t x) {
  return (i32x16)(x);
}

QK_INLINE f32x16 load_f32(const void *src) {
  f32x16 v;
  memcpy(&v, src, sizeof v);
  return v;
}

QK_INLINE i32x16 load_i32(const void *src) {
  i32x16 v;
  memcpy(&v, src, sizeof v);
  return v;
}

QK_INLINE void store_f32(void *dst, f32x16 v) {
  memcpy(dst, &v, sizeof v);
}

QK_INLINE f64x8 load_f64(const double *src) {
  f64x8 v;
  memcpy(&v, src, sizeof v);
  return v;
}

QK_INLINE void store_f64(double *dst, f64x8 v) {
  memcpy(dst, &v, sizeof v);
}

QK_INLINE f32x16 load_i8(const void *src) {
  i8x16 v;
  memcpy(&v, src, sizeof v);
  return __builtin_convertvector(__builtin_convertvector(v, i32x16), f32x16);
}

QK_INLINE f32x16 load_bf16(const void *src) {
  u16x16 v;
  memcpy(&v, src, sizeof v);
  return (f32x16)(__builtin_convertvector(v, u32x16) << 16);
}

// The largest finite f16.
#define QK_F16_MAX 65504.0f

#if defined(QK_HAS_F16C)
typedef _Float16 f16x16 __attribute__((ext_vector_type(16)));

QK_INLINE f32x16 load_f16(const void *src) {
  f16x16 v;
  memcpy(&v, src, sizeof v);
  return __builtin_convertvector(v, f32x16);
}

// Rounds half to even; |v| is at most QK_F16_MAX.
QK_INLINE void store_f16(void *dst, f32x16 v) {
  const f16x16 half = __builtin_convertvector(v, f16x16);
  memcpy(dst, &half, sizeof half);
}
#else
// Rebiases the exponent; a subnormal is read with an implicit one at 2^-14, which is then taken away.
QK_INLINE f32x16 load_f16(const void *src) {
  u16x16 v;
  memcpy(&v, src, sizeof v);
  const u32x16 half = __builtin_convertvector(v, u32x16);
  const u32x16 sign = (half & 0x8000u) << 16, exponent = half & 0x7c00u;
  const u32x16 magnitude = ((half & 0x7fffu) << 13) + (112u << 23);
  const u32x16 tiny = (u32x16)((f32x16)(magnitude + (1u << 23)) - 6.103515625e-05f);
  const u32x16 large = magnitude + (112u << 23);
  const u32x16 finite = (exponent == 0u) ? tiny : magnitude;
  return (f32x16)(((exponent == 0x7c00u) ? large : finite) | sign);
}

// Rounds half to even; |v| is at most QK_F16_MAX. Normal halves: the last bit that stays is added to just
// below one half of it, and the exponent is rebiased. Below 2^-14 adding 0.5 rounds to multiples of 2^-24.
QK_INLINE void store_f16(void *dst, f32x16 v) {
  const u32x16 bits = (u32x16)v & 0x7fffffffu, sign = ((u32x16)v >> 16) & 0x8000u;
  const u32x16 normal = ((bits + 0xfffu + ((bits >> 13) & 1u)) >> 13) - (112u << 10);
  const u32x16 tiny = (u32x16)((f32x16)bits + 0.5f) - 0x3f000000u;
  const u16x16 half = __builtin_convertvector(((bits < (113u << 23)) ? tiny : normal) | sign, u16x16);
  memcpy(dst, &half, sizeof half);
}
#endif

#if defined(QK_HAS_FMA)
QK_INLINE f32x16 fma16(f32x16 a, f32x16 b, f32x16 c) {
  return __builtin_elementwise_fma(a, b, c);
}
#else
// Sixteen calls of fmaf, so it stays a function.
static __attribute__((noinline, unused)) f32x16 fma16(f32x16 a, f32x16 b, f32x16 c) {
  return __builtin_elementwise_fma(a, b, c);
}
#endif

// 16 elements of a float type, or of i8 not yet scaled.
QK_INLINE f32x16 load_typed(const void *src, uint32_t type) {
  switch (type) {
  case QK_F32:
    return load_f32(src);
  case QK_BF16:
    return load_bf16(src);
  case QK_F16:
    return load_f16(src);
  default:
    return load_i8(src);
  }
}

QK_INLINE size_t type_bytes(uint32_t type) {
  return type == QK_F32 ? 4 : type == QK_I8 ? 1 : 2;
}

QK_INLINE f32x16 max16(f32x16 a, f32x16 b) {
  return (a > b) ? a : b;
}
QK_INLINE f32x16 min16(f32x16 a, f32x16 b) {
  return (a < b) ? a : b;
}
QK_INLINE f32x16 abs16(f32x16 a) {
  return (f32x16)((i32x16)a & 0x7fffffff);
}

// v in the first `count` lanes, zero in the others.
QK_INLINE f32x16 keep_lanes(f32x16 v, uint32_t count) {
  const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (lane < (int32_t)count) ? v : splat(0);
}

// The tree (j, j+8), (j, j+4), (j, j+2), (j, j+1).
QK_INLINE float sum_lanes(f32x16 v) {
  const f32x8 a = v.lo + v.hi;
  const f32x4 b = a.lo + a.hi;
  return (b.x + b.z) + (b.y + b.w);
}

// round_half_even(clamp(v, low, high)), a NaN as low.
QK_INLINE i8x16 round_i8_within(f32x16 v, float low, float high) {
  const f32x16 clamped = min16(max16(v, splat(low)), splat(high));
  return __builtin_convertvector((i32x16)(clamped + QK_ROUND), i8x16);
}

QK_INLINE i8x16 round_i8(f32x16 v) {
  return round_i8_within(v, -128, 127);
}

// round_half_even(clamp(v, -32639, 32639)), a NaN as the least: the range that two signed bytes span.
QK_INLINE i32x16 round_i16(f32x16 v) {
  const f32x16 clamped = min16(max16(v, splat(-32639)), splat(32639));
  return (i32x16)(clamped + QK_ROUND) - 0x4b400000;
}

// exp(x) within 1 ulp. x is clamped to where the result is a finite normal number; a NaN counts as the least.
QK_INLINE f32x16 exp16(f32x16 x) {
  x = min16(max16(x, splat(-87.3365f)), splat(88.7228317f));
  const f32x16 shifted = fma16(x, splat(1.44269502f), splat(QK_ROUND));
  const f32x16 n = shifted - QK_ROUND;
  f32x16 r = fma16(n, splat(-0.693147182f), x);
  r = fma16(n, splat(1.90465421e-09f), r);
  const f32x16 square = r * r;
  const f32x16 low = fma16(r, splat(0.166665196f), splat(0.49999994f));
  const f32x16 high =
      fma16(square, splat(0.00138144672f), fma16(r, splat(0.00836878084f), splat(0.0416683927f)));
  const f32x16 p = fma16(square, fma16(square, high, low), r) + 1.0f;
  return (f32x16)((i32x16)p + ((i32x16)shifted << 23));
}

// log(1 + e) = 2 atanh(e / (2 + e)) for e in [0, 1]: no cancellation, so small e keep their relative
// accuracy.
QK_INLINE f32x16 log1p16(f32x16 e) {
  const f32x16 s = e / (e + 2.0f);
  const f32x16 z = s * s, twice = s + s;
  f32x16 p = fma16(z, splat(0.140063331f), splat(0.14000839f));
  p = fma16(z, p, splat(0.200107664f));
  p = fma16(z, p, splat(0.333332092f));
  return fma16(twice * z, p, twice);
}

// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)); x itself above 20.
QK_INLINE f32x16 softplus16(f32x16 x) {
  const f32x16 sum = max16(x, splat(0)) + log1p16(exp16(-abs16(x)));
  return (x > 20.0f) ? x : sum;
}

QK_INLINE f32x16 silu16(f32x16 x) {
  return x / (exp16(-x) + 1.0f);
}

// ---- operands -------------------------------------------------------------------------------------------

QK_INLINE uint8_t *operand_row(const qk_operand *operand, uint32_t row) {
  return operand->base + (uint64_t)row * operand->stride;
}

QK_INLINE f32x16 operand_factor(const qk_operand *operand, uint32_t block) {
  return operand->per_channel ? load_f32(operand->factor + (size_t)block * QK_LANES)
                              : splat(operand->factor[0]);
}

// Block `block` of one row, dequantized.
QK_INLINE f32x16 operand_load(const qk_operand *operand, const uint8_t *row, uint32_t block) {
  if (operand->type == QK_F32)
    return load_f32(row + (size_t)block * 64);
  return load_i8(row + (size_t)block * QK_LANES) * operand_factor(operand, block);
}

QK_INLINE void store_i8(uint8_t *dst, i8x16 v) {
  memcpy(dst, &v, sizeof v);
}

// q = 256 * high + low, `plane` bytes apart.
QK_INLINE void store_i16(uint8_t *dst, uint32_t plane, i32x16 q) {
  const i32x16 high = (q + 128) >> 8;
  store_i8(dst, __builtin_convertvector(high, i8x16));
  store_i8(dst + plane, __builtin_convertvector(q - (high << 8), i8x16));
}

// Stores block `block` of one row, quantized where the operand holds codes.
QK_INLINE void operand_store(const qk_operand *operand, uint8_t *row, uint32_t block, f32x16 v) {
  uint8_t *codes = row + (size_t)block * QK_LANES;
  if (operand->type == QK_F32)
    store_f32(row + (size_t)block * 64, v);
  else if (operand->type == QK_I8)
    store_i8(codes, round_i8(v * operand_factor(operand, block)));
  else
    store_i16(codes, operand->plane, round_i16(v * operand_factor(operand, block)));
}
