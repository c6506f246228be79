// Products of codes: four registers hold a panel's 16 sums, and one holds 16 inputs of a row, of which a
// dot-product instruction takes four. The including file defines QK_DOT, that instruction or what stands for
// it, and QK_TILE_ROWS, an even number.

// Inputs k + half ..< k + half + 4 of outputs 4i ..< 4i + 4, k a multiple of 8 where there are halves. Of
// four bits they come out 16 times too large.
QK_INLINE int8x16_t weights_at(const int8_t *panel, size_t k, const uint32_t half, const uint32_t i,
                               const bool four_bits) {
  if (!four_bits)
    return vld1q_s8(panel + k * QK_LANES + i * 16);
  const int8x16_t both = vld1q_s8(panel + k * QK_LANES / 2 + i * 16);
  return half ? vandq_s8(both, vdupq_n_s8((int8_t)0xf0)) : vshlq_n_s8(both, 4);
}

// Adds the products of `count` inputs, a multiple of 4, from k on. x: those inputs of every row.
QK_INLINE void tile_step(const int8_t *panel, const int32x4_t *x, size_t k, const uint32_t count,
                         const uint32_t rows, const bool four_bits, int32x4_t (*sum)[4]) {
#pragma clang loop unroll(full)
  for (uint32_t at = 0; at < count; at += 4)
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < 4; i++) {
      const uint32_t half = four_bits ? at % 8 : 0;
      const int8x16_t w = weights_at(panel, k + at - half, half, i, four_bits);
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++)
        sum[r][i] = QK_DOT(sum[r][i], w, vreinterpretq_s8_s32(vdupq_n_s32(x[r][at / 4])));
    }
}

// Adds the products of inputs begin ..< end.
QK_INLINE void tile_products(const int8_t *panel, const uint8_t *const *x, size_t begin, size_t end,
                             const uint32_t rows, const bool four_bits, int32x4_t (*sum)[4]) {
  const uint32_t step = four_bits ? 8 : 4;
  int32x4_t inputs[QK_TILE_ROWS];
  size_t k = begin;
  for (; k + 16 <= end; k += 16) {
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
      inputs[r] = vld1q_s32((const int32_t *)(const void *)(x[r] + k));
    tile_step(panel, inputs, k, 16, rows, four_bits, sum);
  }
  for (; k < end; k += step) {
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      int32_t some[4] = {0};
      memcpy(some, x[r] + k, step);
      inputs[r] = vld1q_s32(some);
    }
    tile_step(panel, inputs, k, step, rows, four_bits, sum);
  }
}

// `rows` rows of planes times one panel; signed times signed needs no correction.
QK_INLINE void codes_tile(const qk_linear *a, panel_ref ref, uint32_t first_row, const uint32_t rows,
                          const uint32_t planes, const bool four_bits) {
  const int8_t *panel = (const int8_t *)panel_weights(ref, codes_panel_bytes(a, four_bits));
  const uint8_t *x[QK_TILE_ROWS];
  i32x16 total[QK_TILE_ROWS];
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    x[r] = plane_row(a, first_row + r, planes);
    total[r] = splat_i32(0);
  }
  for (size_t begin = 0, end; begin < a->k; begin = end) {
    end = four_bits ? group_end(a, begin) : a->k;
    int32x4_t sum[QK_TILE_ROWS][4];
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (uint32_t i = 0; i < 4; i++)
        sum[r][i] = vdupq_n_s32(0);
    tile_products(panel, x, begin, end, rows, four_bits, sum);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
      total[r] = four_bits ? group_add(a, ref, begin, total[r], load_i32(sum[r]) >> 4) : load_i32(sum[r]);
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
    for (; row + 2 <= rows; row += 2)
      codes_tile(a, ref, row, 2, planes, four_bits);
    if (row < rows)
      codes_tile(a, ref, row, 1, 1, four_bits);
  }
}
