// Products of codes with 256-bit VNNI: two registers hold a panel's 16 sums. The including file defines
// QK_DPBUSD, the VEX or the EVEX form of the instruction.

#define QK_TILE_ROWS 6
#define QK_PREFETCH 2048

QK_INLINE i32x16 join_i32(__m256i low, __m256i high) {
  const __m256i both[2] = {low, high};
  return load_i32(both);
}

QK_INLINE __m256i load_256(const void *src) {
  return _mm256_loadu_si256(src);
}

// Four inputs as q + 128, for every output.
QK_INLINE __m256i four_inputs(const uint8_t *x, size_t k) {
  int32_t four;
  memcpy(&four, x + k, sizeof four);
  __m256i value = _mm256_set1_epi32(four);
  // Else the compiler moves the exclusive or before the broadcast, which costs a shuffle.
  __asm__("" : "+x"(value));
  return _mm256_xor_si256(value, _mm256_set1_epi32((int)0x80808080));
}

// Inputs k + half ..< k + half + 4 of outputs 8i ..< 8i + 8, k a multiple of 8 where there are halves. Of
// four bits they come out 16 times too large.
QK_INLINE __m256i weights_at(const uint8_t *panel, size_t k, const uint32_t half, uint32_t i,
                             const bool four_bits) {
  if (!four_bits)
    return load_256(panel + k * QK_LANES + (size_t)i * 32);
  const __m256i both = load_256(panel + k * QK_LANES / 2 + (size_t)i * 32);
  return _mm256_and_si256(half ? both : _mm256_slli_epi16(both, 4), _mm256_set1_epi8((char)0xf0));
}

// Adds the products of inputs begin ..< end. sum: [rows][2]
QK_INLINE void tile_products(const uint8_t *panel, const uint8_t *const *x, size_t begin, size_t end,
                             const uint32_t rows, const bool ahead, const bool four_bits, __m256i (*sum)[2]) {
  const uint32_t step = four_bits ? 8 : 4;
  for (size_t k = begin; k < end; k += step) {
    if (ahead)
      __builtin_prefetch(panel + k * QK_LANES / (step / 4) + QK_PREFETCH);
#pragma clang loop unroll(full)
    for (uint32_t half = 0; half < step; half += 4) {
      const __m256i low = weights_at(panel, k, half, 0, four_bits);
      const __m256i high = weights_at(panel, k, half, 1, four_bits);
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++) {
        const __m256i value = four_inputs(x[r], k + half);
        sum[r][0] = QK_DPBUSD(sum[r][0], value, low);
        sum[r][1] = QK_DPBUSD(sum[r][1], value, high);
      }
    }
  }
}

// `rows` rows of planes times one panel. Inputs are read as q + 128; the correction takes the 128 back.
QK_INLINE void codes_tile(const qk_linear *a, panel_ref ref, uint32_t first_row, const uint32_t rows,
                          const uint32_t planes, const bool four_bits) {
  const uint8_t *panel = panel_weights(ref, codes_panel_bytes(a, four_bits));
  const int32_t *start = ref.part->correction + (size_t)ref.index * QK_LANES;
  const uint8_t *x[QK_TILE_ROWS];
  i32x16 total[QK_TILE_ROWS];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    x[r] = plane_row(a, first_row + r, planes);
    total[r] = load_i32(start);
  }
  for (size_t begin = 0, end; begin < a->k; begin = end) {
    end = four_bits ? group_end(a, begin) : a->k;
    __m256i sum[QK_TILE_ROWS][2];
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < 2; i++)
        sum[r][i] = four_bits ? _mm256_setzero_si256() : load_256(start + (size_t)i * 8);
    tile_products(panel, x, begin, end, rows, rows == planes, four_bits, sum);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      const i32x16 both = join_i32(sum[r][0], sum[r][1]);
      total[r] = four_bits ? group_add(a, ref, begin, total[r], both >> 4) : both;
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r += planes) {
    const i32x16 sums[2] = {total[r], total[r + planes - 1]};
    linear_finish_codes(ref, first_row + r, planes, sums);
  }
}

// Up to six rows of planes times one panel.
QK_INLINE void codes_rows(const qk_linear *a, panel_ref ref, uint32_t first_row, uint32_t rows,
                          const uint32_t planes, const bool four_bits) {
  switch (rows) {
  case 1:
    if (planes == 1)
      codes_tile(a, ref, first_row, 1, 1, four_bits);
    return;
  case 2:
    return codes_tile(a, ref, first_row, 2, planes, four_bits);
  case 3:
    if (planes == 1)
      codes_tile(a, ref, first_row, 3, 1, four_bits);
    return;
  case 4:
    return codes_tile(a, ref, first_row, 4, planes, four_bits);
  case 5:
    if (planes == 1)
      codes_tile(a, ref, first_row, 5, 1, four_bits);
    return;
  default:
    return codes_tile(a, ref, first_row, QK_TILE_ROWS, planes, four_bits);
  }
}

QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes,
                            const bool four_bits, uint8_t *scratch) {
  panel_ref ref;
  (void)scratch;
  while (panels_take(&panels, 1, &ref) > 0)
    for (uint32_t row = 0; row < rows * planes; row += QK_TILE_ROWS)
      codes_rows(a, ref, row, rows * planes - row, planes, four_bits);
}
