// The Hadamard transform in double, by which the compiler rotates weights. Included once per instruction set.

#define QK_DOUBLES 8

// As butterfly_with(), on doubles.
QK_INLINE f64x8 butterfly_f64_with(f64x8 v, f64x8 swapped, int64_t stride) {
  const i64x8 lane = {0, 1, 2, 3, 4, 5, 6, 7};
  const i64x8 flip = ((lane & stride) != 0) & INT64_MIN;
  return swapped + (f64x8)((i64x8)v ^ flip);
}

// Butterflies of stride 1, 2 and 4 inside one vector.
QK_INLINE f64x8 butterflies_f64(f64x8 v) {
  v = butterfly_f64_with(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6), 1);
  v = butterfly_f64_with(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5), 2);
  return butterfly_f64_with(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3), 4);
}

// All butterflies of a row of m values, m a power of two and at least 8; two stages at once where there are
// two.
QK_INLINE void transform_row_f64(double *v, size_t m) {
  for (size_t i = 0; i < m; i += QK_DOUBLES)
    store_f64(v + i, butterflies_f64(load_f64(v + i)));
  size_t s = QK_DOUBLES;
  for (; 4 * s <= m; s *= 4)
    for (size_t base = 0; base < m; base += 4 * s)
      for (size_t i = base; i < base + s; i += QK_DOUBLES) {
        const f64x8 a = load_f64(v + i), b = load_f64(v + i + s);
        const f64x8 c = load_f64(v + i + 2 * s), d = load_f64(v + i + 3 * s);
        const f64x8 ab = a + b, a_b = a - b, cd = c + d, c_d = c - d;
        store_f64(v + i, ab + cd);
        store_f64(v + i + s, a_b + c_d);
        store_f64(v + i + 2 * s, ab - cd);
        store_f64(v + i + 3 * s, a_b - c_d);
      }
  if (2 * s <= m)
    for (size_t i = 0; i < s; i += QK_DOUBLES) {
      const f64x8 a = load_f64(v + i), b = load_f64(v + i + s);
      store_f64(v + i, a + b);
      store_f64(v + i + s, a - b);
    }
}

QK_INLINE void transform_short_row_f64(double *v, size_t m) {
  for (size_t s = 1; s < m; s *= 2)
    for (size_t i = 0; i < m; i++)
      if ((i & s) == 0) {
        const double a = v[i], b = v[i + s];
        v[i] = a + b;
        v[i + s] = a - b;
      }
}

// x * sign + sum: the product is exact, so one rounding with fma as without.
QK_INLINE f64x8 add_signed_f64(f64x8 x, double sign, f64x8 sum) {
#if defined(QK_HAS_FMA)
  return __builtin_elementwise_fma(x, (f64x8)(sign), sum);
#else
  return sum + x * sign;
#endif
}

// The order x order signs over eight columns (or fewer) of rows of m values, four rows at a time.
QK_INLINE void mix_columns_f64(double *values, size_t m, size_t columns, uint32_t order,
                               const double *signs) {
  f64x8 in[60];
  for (uint32_t j = 0; j < order; j++) {
    in[j] = (f64x8)(0);
    memcpy(&in[j], values + j * m, columns * sizeof(double));
  }
  for (uint32_t i = 0; i < order; i += 4) {
    const double *s = signs + (size_t)i * order;
    f64x8 sum[4];
    for (uint32_t r = 0; r < 4; r++)
      sum[r] = in[0] * s[r * order];
    for (uint32_t j = 1; j < order; j++)
      for (uint32_t r = 0; r < 4; r++)
        sum[r] = add_signed_f64(in[j], s[r * order + j], sum[r]);
    for (uint32_t r = 0; r < 4; r++)
      memcpy(values + (i + r) * m, &sum[r], columns * sizeof(double));
  }
}

// The transform of hadamard(), same order of additions. signs: [order * order].
static void hadamard_f64(double *values, uint32_t block, uint32_t order, const int8_t *signs) {
  const size_t m = block / order;
  for (uint32_t row = 0; row < order; row++)
    if (m < QK_DOUBLES)
      transform_short_row_f64(values + row * m, m);
    else
      transform_row_f64(values + row * m, m);
  if (order == 1)
    return;
  double wide[60 * 60];
  for (uint32_t i = 0; i < order * order; i++)
    wide[i] = (double)signs[i];
  const size_t columns = m < QK_DOUBLES ? m : QK_DOUBLES;
  for (size_t column = 0; column < m; column += columns)
    mix_columns_f64(values + column, m, columns, order, wide);
}

static void rotate(float *values, size_t count, uint32_t block, uint32_t order, const int8_t *signs,
                   double factor, double *scratch) {
  for (float *v = values; v < values + count; v += block) {
    for (uint32_t i = 0; i < block; i++)
      scratch[i] = (double)v[i];
    hadamard_f64(scratch, block, order, signs);
    for (uint32_t i = 0; i < block; i++)
      v[i] = (float)(scratch[i] * factor);
  }
}
