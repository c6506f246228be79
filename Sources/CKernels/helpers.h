// Helpers that the compiler runs over whole weight files. Included once per instruction set.

// `count` (1 ..< 16) elements at src, the other lanes zero.
QK_INLINE f32x16 load_tail(const void *src, uint32_t type, size_t count) {
  uint8_t last[64] = {0};
  memcpy(last, src, count * type_bytes(type));
  return load_typed(last, type);
}

QK_INLINE void widen_typed(const uint8_t *src, uint32_t type, size_t count, float *dst) {
  const size_t full = count / QK_LANES * QK_LANES;
  for (size_t i = 0; i < full; i += QK_LANES)
    store_f32(dst + i, load_typed(src + i * type_bytes(type), type));
  if (full < count) {
    const f32x16 last = load_tail(src + full * type_bytes(type), type, count - full);
    memcpy(dst + full, &last, (count - full) * sizeof(float));
  }
}

static void widen(const void *src, enum qk_type type, size_t count, float *dst) {
  if (type == QK_F32)
    memcpy(dst, src, count * sizeof(float));
  else if (type == QK_BF16)
    widen_typed(src, QK_BF16, count, dst);
  else
    widen_typed(src, QK_F16, count, dst);
}

// Whether any of `count` elements, at any address, has the exponent of infinities and NaNs.
#define QK_ANY_SPECIAL(T, mask)                                                                              \
  const uint8_t *bytes = src;                                                                                \
  uint32_t special = 0;                                                                                      \
  for (size_t i = 0; i < count; i++) {                                                                       \
    T x;                                                                                                     \
    memcpy(&x, bytes + i * sizeof(T), sizeof(T));                                                            \
    special |= (x & (mask)) == (mask);                                                                       \
  }                                                                                                          \
  return special == 0

static bool finite_u32(const void *src, size_t count) {
  QK_ANY_SPECIAL(uint32_t, 0x7f800000u);
}
static bool finite_bf16(const void *src, size_t count) {
  QK_ANY_SPECIAL(uint16_t, 0x7f80u);
}
static bool finite_f16(const void *src, size_t count) {
  QK_ANY_SPECIAL(uint16_t, 0x7c00u);
}

static bool all_finite(const void *src, enum qk_type type, size_t count) {
  return type == QK_F32 ? finite_u32(src, count)
                        : (type == QK_BF16 ? finite_bf16(src, count) : finite_f16(src, count));
}

static void running_max_abs(const float *x, size_t count, float *running) {
  const size_t full = count / QK_LANES * QK_LANES;
  for (size_t i = 0; i < full; i += QK_LANES)
    store_f32(running + i, max16(abs16(load_f32(x + i)), load_f32(running + i)));
  for (size_t i = full; i < count; i++) {
    const float magnitude = x[i] < 0 ? -x[i] : x[i];
    running[i] = magnitude > running[i] ? magnitude : running[i];
  }
}

static float max_abs(const float *x, size_t count) {
  const size_t full = count / QK_LANES * QK_LANES;
  f32x16 largest = splat(0);
  for (size_t i = 0; i < full; i += QK_LANES)
    largest = max16(abs16(load_f32(x + i)), largest);
  if (full < count)
    largest = max16(abs16(load_tail(x + full, QK_F32, count - full)), largest);
  float result = 0;
  for (uint32_t lane = 0; lane < QK_LANES; lane++)
    result = largest[lane] > result ? largest[lane] : result;
  return result;
}

QK_INLINE f32x16 add_code_error(f32x16 sum, f32x16 x, float inverse, float scale, float limit,
                                f32x16 importance) {
  const f32x16 clamped = min16(max16(x * inverse, splat(-limit)), splat(limit));
  const f32x16 error = fma16(-((clamped + QK_ROUND) - QK_ROUND), splat(scale), x);
  return fma16(error * importance, error, sum);
}

static float code_error(const float *x, size_t count, float inverse, float scale, float limit,
                        const float *importance) {
  const size_t full = count / QK_LANES * QK_LANES;
  f32x16 sum = splat(0);
  for (size_t i = 0; i < full; i += QK_LANES)
    sum = add_code_error(sum, load_f32(x + i), inverse, scale, limit,
                         importance ? load_f32(importance + i) : splat(1));
  if (full < count)
    sum = add_code_error(sum, load_tail(x + full, QK_F32, count - full), inverse, scale, limit,
                         importance ? load_tail(importance + full, QK_F32, count - full) : splat(1));
  return sum_lanes(sum);
}

static void histogram_abs(const float *x, size_t count, uint64_t *counts) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, sizeof bits);
    counts[(bits & 0x7fffffffu) >> 14]++;
  }
}

static void quantize_row(const float *x, size_t count, float inverse, float low, float high, int8_t *q) {
  const size_t full = count / QK_LANES * QK_LANES;
  for (size_t i = 0; i < full; i += QK_LANES)
    store_i8((uint8_t *)q + i, round_i8_within(load_f32(x + i) * inverse, low, high));
  if (full < count) {
    const i8x16 last = round_i8_within(load_tail(x + full, QK_F32, count - full) * inverse, low, high);
    memcpy(q + full, &last, count - full);
  }
}

// One row of a panel; returns the sum of its quantized weights.
QK_INLINE int32_t pack_row_i8(const float *row, size_t k, size_t k4, float inverse, int8_t *panel) {
  int32_t sum = 0;
  for (size_t i = 0; i < k4; i += QK_LANES) {
    const f32x16 x = i + QK_LANES <= k ? load_f32(row + i)
                     : i < k           ? load_tail(row + i, QK_F32, k - i)
                                       : splat(0);
    const i8x16 q = round_i8_within(x * inverse, -127, 127);
    for (size_t group = 0; group < 4 && i + group * 4 < k4; group++)
      memcpy(panel + (i / 4 + group) * 64, (const uint8_t *)&q + group * 4, 4);
    const i32x16 wide = __builtin_convertvector(q, i32x16);
    sum += __builtin_reduce_add(wide);
  }
  return sum;
}

static void pack_panel_i8(const float *rows, size_t row_stride, uint32_t rows_valid, size_t k, size_t k4,
                          const float *inverse, int8_t *panel, int32_t *correction) {
  if (rows_valid < QK_LANES)
    memset(panel, 0, k4 * QK_LANES);
  for (uint32_t j = 0; j < QK_LANES; j++)
    correction[j] = j < rows_valid
                        ? -128 * pack_row_i8(rows + j * row_stride, k, k4, inverse[j], panel + (size_t)j * 4)
                        : 0;
}

// Eight codes of one row, the first four in the low nibbles.
QK_INLINE uint32_t pack_nibbles(const int8_t *codes) {
  uint32_t low, high;
  memcpy(&low, codes, sizeof low);
  memcpy(&high, codes + 4, sizeof high);
  return (low & 0x0f0f0f0fu) | (high & 0x0f0f0f0fu) << 4;
}

// One row of a panel; returns the sum of its codes times their factors. factors: one every 16 bytes.
QK_INLINE int32_t pack_row_i4(const int8_t *codes, size_t k, const uint8_t *factors, uint8_t *panel) {
  int32_t total = 0;
  for (size_t begin = 0; begin < k; begin += QK_GROUP) {
    const size_t end = k - begin > QK_GROUP ? begin + QK_GROUP : k;
    int32_t sum = 0;
    for (size_t i = begin; i < end; i++)
      sum += codes[i];
    total += factors[begin / QK_GROUP * QK_LANES] * sum;
  }
  for (size_t i = 0; i < k; i += 8) {
    int8_t last[8] = {0};
    if (k - i < 8)
      memcpy(last, codes + i, k - i);
    const uint32_t nibbles = pack_nibbles(k - i < 8 ? last : codes + i);
    memcpy(panel + i * 8, &nibbles, sizeof nibbles);
  }
  return total;
}

static void pack_panel_i4(const int8_t *codes, size_t row_stride, uint32_t rows_valid, size_t k,
                          const uint8_t *factors, uint8_t *panel, int32_t *correction) {
  memset(panel, 0, (k + 7) / 8 * 64);
  memset(correction, 0, QK_LANES * sizeof *correction);
  for (uint32_t j = 0; j < rows_valid; j++)
    correction[j] = -128 * pack_row_i4(codes + j * row_stride, k, factors + j, panel + (size_t)j * 4);
}

// Four perfect shuffles of 16 vectors transpose them. T: vector type; Z: its halves interleaved.
#define QK_ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define QK_ZIP_HIGH(a, b)                                                                                    \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define QK_PACK_PANEL(name, T, element)                                                                      \
  static void name(const element *rows, size_t row_stride, uint32_t rows_valid, size_t k, element *panel) {  \
    for (size_t i = 0; i < k; i += QK_LANES) {                                                               \
      const size_t width = k - i < QK_LANES ? k - i : QK_LANES;                                              \
      T v[QK_LANES] = {0}, t[QK_LANES];                                                                      \
      for (uint32_t j = 0; j < rows_valid; j++)                                                              \
        if (width == QK_LANES)                                                                               \
          memcpy(&v[j], rows + j * row_stride + i, sizeof v[j]);                                             \
        else                                                                                                 \
          memcpy(&v[j], rows + j * row_stride + i, width * sizeof(element));                                 \
      for (uint32_t stage = 0; stage < 4; stage++) {                                                         \
        for (uint32_t j = 0; j < 8; j++) {                                                                   \
          t[2 * j] = QK_ZIP_LOW(v[j], v[j + 8]);                                                             \
          t[2 * j + 1] = QK_ZIP_HIGH(v[j], v[j + 8]);                                                        \
        }                                                                                                    \
        memcpy(v, t, sizeof v);                                                                              \
      }                                                                                                      \
      memcpy(panel + i * QK_LANES, v, width * sizeof v[0]);                                                  \
    }                                                                                                        \
  }

QK_PACK_PANEL(pack_panel_u32, u32x16, uint32_t)
QK_PACK_PANEL(pack_panel_u16, u16x16, uint16_t)

static void pack_panel(const void *rows, size_t row_stride, uint32_t rows_valid, size_t k,
                       uint32_t element_bytes, void *panel) {
  if (element_bytes == 4)
    pack_panel_u32(rows, row_stride, rows_valid, k, panel);
  else
    pack_panel_u16(rows, row_stride, rows_valid, k, panel);
}
