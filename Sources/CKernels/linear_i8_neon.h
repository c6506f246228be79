// Products of codes with the dot-product instruction: four registers hold a panel's 16 sums.

#define QK_TILE_ROWS 4

// `rows` rows of planes times one panel; signed times signed needs no correction.
QK_INLINE void codes_tile(const qk_linear *a, panel_ref ref, uint32_t first_row, const uint32_t rows,
                          const uint32_t planes) {
  const int8_t *weights = (const int8_t *)panel_weights(ref, (size_t)a->k * QK_LANES);
  int32x4_t sum[QK_TILE_ROWS][4];
  for (uint32_t r = 0; r < rows; r++)
    for (uint32_t i = 0; i < 4; i++)
      sum[r][i] = vdupq_n_s32(0);
  for (size_t k = 0; k < a->k; k += 4)
    for (uint32_t r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, plane_row(a, first_row + r, planes) + k, sizeof four);
      const int8x16_t value = vreinterpretq_s8_s32(vdupq_n_s32(four));
      for (uint32_t i = 0; i < 4; i++)
        sum[r][i] = vdotq_s32(sum[r][i], value, vld1q_s8(weights + k * QK_LANES + i * 16));
    }
  for (uint32_t r = 0; r < rows; r += planes) {
    const i32x16 sums[2] = {load_i32(sum[r]), load_i32(sum[r + planes - 1])};
    linear_finish_codes(ref, first_row + r, planes, sums);
  }
}

QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes) {
  panel_ref ref;
  rows *= planes;
  while (panels_take(&panels, 1, &ref) > 0) {
    uint32_t row = 0;
    for (; row + QK_TILE_ROWS <= rows; row += QK_TILE_ROWS)
      codes_tile(a, ref, row, QK_TILE_ROWS, planes);
    for (; row < rows; row += planes)
      codes_tile(a, ref, row, planes, planes);
  }
}

static void linear_codes(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  if (a->in.type == QK_I16)
    codes_planes(a, rows, panels, 2);
  else
    codes_planes(a, rows, panels, 1);
}
