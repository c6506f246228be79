// Products of codes with 256-bit VNNI: two registers hold a panel's 16 sums. The including file defines
// QK_DPBUSD, the VEX or the EVEX form of the instruction.

#define QK_TILE_ROWS 6
#define QK_PREFETCH 2048

QK_INLINE i32x16 join_i32(__m256i low, __m256i high) {
  const __m256i both[2] = {low, high};
  return load_i32(both);
}

// `rows` rows of planes times one panel. Inputs are read as q + 128; the correction takes the 128 back.
QK_INLINE void codes_tile(const qk_linear *a, panel_ref ref, uint32_t first_row, const uint32_t rows,
                          const uint32_t planes) {
  const __m256i offset = _mm256_set1_epi32((int)0x80808080);
  const uint8_t *weights = panel_weights(ref, (size_t)a->k * QK_LANES);
  const int32_t *start = ref.part->correction + (size_t)ref.index * QK_LANES;
  const uint8_t *x[QK_TILE_ROWS];
  __m256i low[QK_TILE_ROWS], high[QK_TILE_ROWS];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    x[r] = plane_row(a, first_row + r, planes);
    low[r] = _mm256_loadu_si256((const __m256i *)(const void *)start);
    high[r] = _mm256_loadu_si256((const __m256i *)(const void *)(start + 8));
  }
  for (size_t k = 0; k < a->k; k += 4) {
    const uint8_t *w = weights + k * QK_LANES;
    const __m256i w_low = _mm256_loadu_si256((const __m256i *)(const void *)w);
    const __m256i w_high = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32));
    if (rows == planes)
      __builtin_prefetch(w + QK_PREFETCH);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, x[r] + k, sizeof four);
      __m256i value = _mm256_set1_epi32(four);
      __asm__(
          ""
          : "+x"(
              value)); // else the compiler moves the exclusive or before the broadcast, which costs a shuffle
      value = _mm256_xor_si256(value, offset);
      low[r] = QK_DPBUSD(low[r], value, w_low);
      high[r] = QK_DPBUSD(high[r], value, w_high);
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r += planes) {
    const uint32_t last = r + planes - 1;
    const i32x16 sums[2] = {join_i32(low[r], high[r]), join_i32(low[last], high[last])};
    linear_finish_codes(ref, first_row + r, planes, sums);
  }
}

// Up to six rows of planes times one panel.
QK_INLINE void codes_rows(const qk_linear *a, panel_ref ref, uint32_t first_row, uint32_t rows,
                          const uint32_t planes) {
  switch (rows) {
  case 1:
    if (planes == 1)
      codes_tile(a, ref, first_row, 1, 1);
    return;
  case 2:
    return codes_tile(a, ref, first_row, 2, planes);
  case 3:
    if (planes == 1)
      codes_tile(a, ref, first_row, 3, 1);
    return;
  case 4:
    return codes_tile(a, ref, first_row, 4, planes);
  case 5:
    if (planes == 1)
      codes_tile(a, ref, first_row, 5, 1);
    return;
  default:
    return codes_tile(a, ref, first_row, QK_TILE_ROWS, planes);
  }
}

QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes) {
  panel_ref ref;
  while (panels_take(&panels, 1, &ref) > 0)
    for (uint32_t row = 0; row < rows * planes; row += QK_TILE_ROWS)
      codes_rows(a, ref, row, rows * planes - row, planes);
}

static void linear_codes(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  if (a->in.type == QK_I16)
    codes_planes(a, rows, panels, 2);
  else
    codes_planes(a, rows, panels, 1);
}
