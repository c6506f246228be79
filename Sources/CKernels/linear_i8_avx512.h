// Products of i8 inputs with 512-bit VNNI: one register holds a panel's 16 sums.

#define QK_TILE_ROWS 6
#define QK_TILE_PANELS 4
// Bytes between a load of weights and their prefetch.
#define QK_PREFETCH 2048

// `rows` rows times `panels` panels, of which `taken` are stored. Inputs are read as q + 128; the correction
// takes the 128 back.
QK_INLINE void i8_tile(const qk_linear *a, const panel_ref *refs, uint32_t taken, uint32_t first_row,
                       const uint32_t rows, const uint32_t panels) {
  const size_t bytes = (size_t)a->k * QK_LANES;
  const __m512i offset = _mm512_set1_epi32((int)0x80808080);
  const uint8_t *weights[QK_TILE_PANELS];
  const uint8_t *x[QK_TILE_ROWS];
  __m512i sum[QK_TILE_ROWS][QK_TILE_PANELS];
#pragma clang loop unroll(full)
  for (uint32_t p = 0; p < panels; p++) {
    weights[p] = panel_weights(refs[p], bytes);
    const __m512i start = _mm512_loadu_si512(refs[p].part->correction + (size_t)refs[p].index * QK_LANES);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
      sum[r][p] = start;
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
    x[r] = operand_row(&a->in, first_row + r);
  for (size_t k = 0; k < a->k; k += 4) {
    __m512i w[QK_TILE_PANELS];
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++) {
      w[p] = _mm512_loadu_si512(weights[p] + k * QK_LANES);
      if (rows == 1)
        __builtin_prefetch(weights[p] + k * QK_LANES + QK_PREFETCH);
    }
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      int32_t four;
      memcpy(&four, x[r] + k, sizeof four);
      __m512i value = _mm512_set1_epi32(four);
      __asm__(
          ""
          : "+v"(
              value)); // else the compiler moves the exclusive or before the broadcast, which costs a shuffle
      value = _mm512_xor_si512(value, offset);
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        sum[r][p] = _mm512_dpbusd_epi32(sum[r][p], value, w[p]);
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
      if (p < taken)
        linear_finish_i32(refs[p], first_row + r, (i32x16)sum[r][p]);
}

// Up to six rows times four panels.
static void i8_rows(const qk_linear *a, const panel_ref *refs, uint32_t taken, uint32_t first_row,
                    uint32_t rows) {
  switch (rows) {
  case 1:
    return i8_tile(a, refs, taken, first_row, 1, QK_TILE_PANELS);
  case 2:
    return i8_tile(a, refs, taken, first_row, 2, QK_TILE_PANELS);
  case 3:
    return i8_tile(a, refs, taken, first_row, 3, QK_TILE_PANELS);
  case 4:
    return i8_tile(a, refs, taken, first_row, 4, QK_TILE_PANELS);
  case 5:
    return i8_tile(a, refs, taken, first_row, 5, QK_TILE_PANELS);
  default:
    return i8_tile(a, refs, taken, first_row, 6, QK_TILE_PANELS);
  }
}

static void linear_i8(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  panel_ref refs[QK_TILE_PANELS];
  for (uint32_t taken; (taken = panels_take(&panels, QK_TILE_PANELS, refs)) > 0;) {
    for (uint32_t row = 0; row < rows; row += QK_TILE_ROWS)
      if (taken == QK_TILE_PANELS || row + QK_TILE_ROWS > rows)
        i8_rows(a, refs, taken, row, rows - row);
      else
        for (uint32_t p = 0; p < taken; p++)
          i8_tile(a, refs + p, 1, row, QK_TILE_ROWS, 1);
  }
}
