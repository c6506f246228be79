// Products of codes in plain C: what every other form must equal.

// Input `k + i` (i: 0 ..< 8) of an output of a panel, k a multiple of 8, or of 4 with i: 0 ..< 4.
QK_INLINE int32_t code_at(const uint8_t *panel, size_t k, uint32_t i, uint32_t lane, const bool four_bits) {
  if (!four_bits)
    return (int8_t)panel[k * QK_LANES + lane * 4 + i];
  const uint8_t both = panel[k * QK_LANES / 2 + lane * 4 + i % 4];
  return (int8_t)(i < 4 ? both << 4 : both & 0xf0) / 16;
}

// The sums of inputs begin ..< end.
QK_INLINE i32x16 codes_sums(const uint8_t *panel, const int8_t *x, size_t begin, size_t end,
                            const bool four_bits) {
  const uint32_t step = four_bits ? 8 : 4;
  int32_t sum[QK_LANES] = {0};
  for (size_t k = begin; k < end; k += step)
    for (uint32_t lane = 0; lane < QK_LANES; lane++)
      for (uint32_t i = 0; i < step; i++)
        sum[lane] += x[k + i] * code_at(panel, k, i, lane, four_bits);
  return load_i32(sum);
}

QK_INLINE void codes_row(const qk_linear *a, panel_ref ref, uint32_t row, const uint32_t planes,
                         const bool four_bits) {
  const uint8_t *panel = panel_weights(ref, codes_panel_bytes(a, four_bits));
  i32x16 sums[2];
  for (uint32_t plane = 0; plane < planes; plane++) {
    const int8_t *x = (const int8_t *)plane_row(a, row * planes + plane, planes);
    i32x16 total = splat_i32(0);
    if (!four_bits)
      total = codes_sums(panel, x, 0, a->k, false);
    for (size_t begin = 0; four_bits && begin < a->k; begin += QK_GROUP)
      total = group_add(a, ref, begin, total, codes_sums(panel, x, begin, group_end(a, begin), true));
    sums[plane] = total;
  }
  linear_finish_codes(ref, row * planes, planes, sums);
}

QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes,
                            const bool four_bits, uint8_t *scratch) {
  panel_ref ref;
  (void)scratch;
  while (panels_take(&panels, 1, &ref) > 0)
    for (uint32_t row = 0; row < rows; row++)
      codes_row(a, ref, row, planes, four_bits);
}
