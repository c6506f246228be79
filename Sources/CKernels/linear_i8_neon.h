// Products of i8 inputs with the dot-product instruction: four registers hold a panel's 16 sums.

#define QK_TILE_ROWS 4

// `rows` rows times one panel; signed times signed needs no correction.
QK_INLINE void i8_tile(const qk_linear *a, panel_ref ref, uint32_t first_row, const uint32_t rows) {
  const int8_t *weights = (const int8_t *)panel_weights(ref, (size_t)a->k * QK_LANES);
  int32x4_t sum[QK_TILE_ROWS][4];
  for (uint32_t r = 0; r < rows; r++)
    for (uint32_t i = 0; i < 4; i++)
      sum[r][i] = vdupq_n_s32(0);
  for (size_t k = 0; k < a->k; k += 4)
    for (uint32_t r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, operand_row(&a->in, first_row + r) + k, sizeof four);
      const int8x16_t value = vreinterpretq_s8_s32(vdupq_n_s32(four));
      for (uint32_t i = 0; i < 4; i++)
        sum[r][i] = vdotq_s32(sum[r][i], value, vld1q_s8(weights + k * QK_LANES + i * 16));
    }
  for (uint32_t r = 0; r < rows; r++)
    linear_finish_i32(ref, first_row + r, load_i32(sum[r]));
}

static void linear_i8(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  panel_ref ref;
  while (panels_take(&panels, 1, &ref) > 0) {
    uint32_t row = 0;
    for (; row + QK_TILE_ROWS <= rows; row += QK_TILE_ROWS)
      i8_tile(a, ref, row, QK_TILE_ROWS);
    for (; row < rows; row++)
      i8_tile(a, ref, row, 1);
  }
}
