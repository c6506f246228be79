// Products of codes in plain C: what every other form must equal.

QK_INLINE void codes_row(const qk_linear *a, panel_ref ref, uint32_t row, const uint32_t planes) {
  const int8_t *weights = (const int8_t *)panel_weights(ref, (size_t)a->k * QK_LANES);
  i32x16 sums[2];
  for (uint32_t plane = 0; plane < planes; plane++) {
    const int8_t *x = (const int8_t *)plane_row(a, row * planes + plane, planes);
    int32_t sum[QK_LANES] = {0};
    for (size_t k = 0; k < a->k; k += 4)
      for (uint32_t lane = 0; lane < QK_LANES; lane++)
        for (uint32_t i = 0; i < 4; i++)
          sum[lane] += x[k + i] * weights[k * QK_LANES + lane * 4 + i];
    sums[plane] = load_i32(sum);
  }
  linear_finish_codes(ref, row * planes, planes, sums);
}

static void linear_codes(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  panel_ref ref;
  while (panels_take(&panels, 1, &ref) > 0)
    for (uint32_t row = 0; row < rows; row++)
      codes_row(a, ref, row, a->in.type == QK_I16 ? 2 : 1);
}
