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

// `rows` rows of planes times one panel.
QK_INLINE void codes_tile(const qk_linear *a, panel_ref ref, uint32_t first_row, const uint32_t rows,
                          const uint32_t planes) {
  const uint8_t *weights = panel_weights(ref, (size_t)a->k * QK_LANES);
  const uint8_t *x[QK_TILE_ROWS];
  __m256i sum[QK_TILE_ROWS][4];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    x[r] = plane_row(a, first_row + r, planes);
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < 4; i++)
      sum[r][i] = _mm256_setzero_si256();
  }
  for (size_t k = 0; k < a->k; k += 4) {
    const uint8_t *w = weights + k * QK_LANES;
    __m256i value[QK_TILE_ROWS];
    if (rows == planes)
      __builtin_prefetch(w + QK_PREFETCH);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, x[r] + k, sizeof four);
      value[r] = _mm256_cvtepi8_epi16(_mm_set1_epi32(four));
    }
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < 4; i++) {
      const __m256i wide =
          _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(w + (size_t)i * 16)));
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++)
        sum[r][i] = _mm256_add_epi32(sum[r][i], _mm256_madd_epi16(value[r], wide));
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r += planes) {
    const i32x16 sums[2] = {fold_pairs(sum[r]), fold_pairs(sum[r + planes - 1])};
    linear_finish_codes(ref, first_row + r, planes, sums);
  }
}

static void linear_codes(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  panel_ref ref;
  while (panels_take(&panels, 1, &ref) > 0) {
    if (a->in.type == QK_I16) {
      for (uint32_t row = 0; row < rows; row++)
        codes_tile(a, ref, 2 * row, 2, 2);
      continue;
    }
    uint32_t row = 0;
    for (; row + QK_TILE_ROWS <= rows; row += QK_TILE_ROWS)
      codes_tile(a, ref, row, QK_TILE_ROWS, 1);
    if (row < rows)
      codes_tile(a, ref, row, 1, 1);
  }
}
