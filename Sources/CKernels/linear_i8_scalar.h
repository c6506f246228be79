// Products of i8 inputs in plain C: what every other form must equal.

static void linear_i8(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  panel_ref ref;
  while (panels_take(&panels, 1, &ref) > 0) {
    const int8_t *weights = (const int8_t *)panel_weights(ref, (size_t)a->k * QK_LANES);
    for (uint32_t row = 0; row < rows; row++) {
      const int8_t *x = (const int8_t *)operand_row(&a->in, row);
      int32_t sum[QK_LANES] = {0};
      for (size_t k = 0; k < a->k; k += 4)
        for (uint32_t lane = 0; lane < QK_LANES; lane++)
          for (uint32_t i = 0; i < 4; i++)
            sum[lane] += x[k + i] * weights[k * QK_LANES + lane * 4 + i];
      linear_finish_i32(ref, row, load_i32(sum));
    }
  }
}
