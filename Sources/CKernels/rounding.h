// Matrix work in double for rounding that knows its inputs. Products are rounded before they are added, never
// fused, in one order: every instruction set, and any cut of the work, gives the same bits. Included once per
// instruction set.

// 1.5 * 2^52: adding it rounds |x| < 2^51 to an integer, half to even.
#define QK_ROUND_F64 6755399441055744.0

// Columns that are rounded before the rest of the block learns of it.
#define QK_ROUND_STEP 8

// `rows` rows (up to 4) times `vectors` vectors (up to 2) of 8 columns.
QK_INLINE void subtract_tile(double *c, size_t c_stride, const double *a, size_t a_stride, const double *b,
                             size_t b_stride, size_t k, const uint32_t rows, const uint32_t vectors) {
  f64x8 sum[4][2];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      sum[r][v] = load_f64(c + r * c_stride + (size_t)v * 8);
  for (size_t i = 0; i < k; i++) {
    f64x8 factor[2];
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      factor[v] = load_f64(b + i * b_stride + (size_t)v * 8);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      const f64x8 value = (f64x8)(a[i * a_stride + r]);
#pragma clang loop unroll(full)
      for (uint32_t v = 0; v < vectors; v++)
        sum[r][v] = sum[r][v] - value * factor[v];
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (uint32_t v = 0; v < vectors; v++)
      store_f64(c + r * c_stride + (size_t)v * 8, sum[r][v]);
}

QK_INLINE void subtract_rows(double *c, size_t c_stride, const double *a, size_t a_stride, const double *b,
                             size_t b_stride, size_t columns, size_t k, const uint32_t rows) {
  size_t j = 0;
  for (; j + 16 <= columns; j += 16)
    subtract_tile(c + j, c_stride, a, a_stride, b + j, b_stride, k, rows, 2);
  for (; j < columns; j += 8)
    subtract_tile(c + j, c_stride, a, a_stride, b + j, b_stride, k, rows, 1);
}

static void subtract_products(double *c, size_t c_stride, const double *a, size_t a_stride, const double *b,
                              size_t b_stride, size_t rows, size_t columns, size_t k) {
  size_t r = 0;
  for (; r + 4 <= rows; r += 4)
    subtract_rows(c + r * c_stride, c_stride, a + r, a_stride, b, b_stride, columns, k, 4);
  for (; r < rows; r++)
    subtract_rows(c + r * c_stride, c_stride, a + r, a_stride, b, b_stride, columns, k, 1);
}

// Rounds column j of 16 rows, of which `rows` are given, and leaves the errors in its place.
QK_INLINE void round_column(const qk_rounding *a, double *column, uint32_t rows, size_t j) {
  double weight[QK_LANES] = {0}, scale[QK_LANES], code[QK_LANES];
  for (uint32_t lane = 0; lane < QK_LANES; lane++) {
    scale[lane] = lane < rows ? (double)a->scales[lane] : 1;
    if (lane < rows)
      weight[lane] = (double)a->weights[lane * a->width + j];
  }
  const double limit = a->limit;
  for (uint32_t half = 0; half < QK_LANES; half += 8) {
    f64x8 q = load_f64(column + half) / load_f64(scale + half);
    q = (q < limit) ? q : (f64x8)(limit);
    q = (q > -limit) ? q : (f64x8)(-limit);
    q = (q + QK_ROUND_F64) - QK_ROUND_F64;
    store_f64(code + half, q);
    store_f64(column + half, load_f64(scale + half) * q - load_f64(weight + half));
  }
  for (uint32_t lane = 0; lane < rows; lane++)
    a->codes[lane * a->width + j] = (int8_t)code[lane];
}

static void round_columns(const qk_rounding *a, uint32_t rows, size_t begin, size_t end) {
  double *errors = a->errors;
  for (size_t first = begin; first < end; first += QK_ROUND_STEP) {
    const size_t last = end - first < QK_ROUND_STEP ? end : first + QK_ROUND_STEP;
    for (size_t j = first; j < last; j++) {
      subtract_products(errors + j * QK_LANES, QK_LANES, a->feedback + first * a->width + j, a->width,
                        errors + first * QK_LANES, QK_LANES, 1, QK_LANES, j - first);
      round_column(a, errors + j * QK_LANES, rows, j);
    }
    subtract_products(errors + last * QK_LANES, QK_LANES, a->feedback + first * a->width + last, a->width,
                      errors + first * QK_LANES, QK_LANES, end - last, QK_LANES, last - first);
  }
}
