// Products of codes in 16 bits (vpmaddwd): exact and without correction, as (q + 128) * w - 128 * w is q
// * w. A register holds four outputs with two partial sums each, so a panel's sums take four.

#define QK_TILE_ROWS 2
#define QK_PREFETCH 2048

QK_INLINE i32x16 fold_pairs(const __m256i *sum) {
  const __m256i order = _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7);
  const __m256i both[2] = {_mm256_permutevar8x32_epi32(_mm256_hadd_epi32(sum[0], sum[1]), order),
                           _mm256_permutevar8x32_epi32(_mm256_hadd_epi32(sum[2], sum[3]), order)};
  return load_i32(both);
}

// Inputs k + half ..< k + half + 4 of outputs 4i ..< 4i + 4, k a multiple of 8 where there are halves.
QK_INLINE __m256i weights_at(const uint8_t *panel, size_t k, const uint32_t half, uint32_t i,
                             const bool four_bits) {
  const uint8_t *w = panel + k * QK_LANES / (four_bits ? 2 : 1) + (size_t)i * 16;
  const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)w));
  if (!four_bits)
    return wide;
  return half ? _mm256_srai_epi16(wide, 4) : _mm256_srai_epi16(_mm256_slli_epi16(wide, 12), 12);
}

// Adds the products of inputs begin ..< end.
QK_INLINE void tile_products(const uint8_t *panel, const uint8_t *const *x, size_t begin, size_t end,
                             const uint32_t rows, const bool ahead, const bool four_bits, __m256i (*sum)[4]) {
  const uint32_t step = four_bits ? 8 : 4;
  for (size_t k = begin; k < end; k += step) {
    if (ahead)
      __builtin_prefetch(panel + k * QK_LANES / (step / 4) + QK_PREFETCH);
#pragma clang loop unroll(full)
    for (uint32_t half = 0; half < step; half += 4) {
      __m256i value[QK_TILE_ROWS];
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++) {
        int32_t four;
        memcpy(&four, x[r] + k + half, sizeof four);
        value[r] = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
      }
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < 4; i++) {
        const __m256i w = weights_at(panel, k, half, i, four_bits);
#pragma clang loop unroll(full)
        for (uint32_t r = 0; r < rows; r++)
          sum[r][i] = _mm256_add_epi32(sum[r][i], _mm256_madd_epi16(value[r], w));
      }
    }
  }
}

// `rows` rows of planes times one panel.
QK_INLINE void codes_tile(const qk_linear *a, panel_ref ref, uint32_t first_row, const uint32_t rows,
                          const uint32_t planes, const bool four_bits) {
  const uint8_t *panel = panel_weights(ref, codes_panel_bytes(a, four_bits));
  const uint8_t *x[QK_TILE_ROWS];
  i32x16 total[QK_TILE_ROWS];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    x[r] = plane_row(a, first_row + r, planes);
    total[r] = splat_i32(0);
  }
  for (size_t begin = 0, end; begin < a->k; begin = end) {
    end = four_bits ? group_end(a, begin) : a->k;
    __m256i sum[QK_TILE_ROWS][4];
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < 4; i++)
        sum[r][i] = _mm256_setzero_si256();
    tile_products(panel, x, begin, end, rows, rows == planes, four_bits, sum);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
      total[r] = four_bits ? group_add(a, ref, begin, total[r], fold_pairs(sum[r])) : fold_pairs(sum[r]);
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r += planes) {
    const i32x16 sums[2] = {total[r], total[r + planes - 1]};
    linear_finish_codes(ref, first_row + r, planes, sums);
  }
}

QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes,
                            const bool four_bits, uint8_t *scratch) {
  panel_ref ref;
  (void)scratch;
  rows *= planes;
  while (panels_take(&panels, 1, &ref) > 0) {
    uint32_t row = 0;
    for (; row + QK_TILE_ROWS <= rows; row += QK_TILE_ROWS)
      codes_tile(a, ref, row, QK_TILE_ROWS, planes, four_bits);
    if (row < rows)
      codes_tile(a, ref, row, 1, 1, four_bits);
  }
}
