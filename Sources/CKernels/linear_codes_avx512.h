// Products of codes with 512-bit VNNI: one register holds a panel's 16 sums.

#define QK_TILE_ROWS 6
#define QK_TILE_PANELS 4
// Bytes between a load of weights and their prefetch, for a single row.
#define QK_PREFETCH 4096
// Sums of a single row, each over every fourth group of inputs.
#define QK_STREAM_SUMS 4

// Four inputs as q + 128, for every output.
QK_INLINE __m512i four_inputs(const uint8_t *x, size_t k) {
  int32_t four;
  memcpy(&four, x + k, sizeof four);
  __m512i value = _mm512_set1_epi32(four);
  // Else the compiler moves the exclusive or before the broadcast, which costs a shuffle.
  __asm__("" : "+v"(value));
  return _mm512_xor_si512(value, _mm512_set1_epi32((int)0x80808080));
}

// Inputs k + half ..< k + half + 4 of a panel, k a multiple of 8 where there are halves. Of four bits they
// come out 16 times too large.
QK_INLINE __m512i weights_at(const uint8_t *panel, size_t k, const uint32_t half, const bool four_bits) {
  if (!four_bits)
    return _mm512_loadu_si512(panel + k * QK_LANES);
  const __m512i both = _mm512_loadu_si512(panel + k * QK_LANES / 2);
  return _mm512_and_si512(half ? both : _mm512_slli_epi16(both, 4), _mm512_set1_epi8((char)0xf0));
}

// What a group of inputs adds: factors * sum / 16.
QK_INLINE __m512i group_total(const qk_linear *a, panel_ref ref, size_t begin, __m512i total, __m512i sum) {
  return (__m512i)group_add(a, ref, begin, (u32x16)total, (u32x16)_mm512_srai_epi32(sum, 4));
}

// Adds the products of inputs begin ..< end of the planes of one row. sum: [planes][QK_STREAM_SUMS]
QK_INLINE void stream_products(const uint8_t *panel, const uint8_t *const *x, size_t begin, size_t end,
                               const uint32_t planes, const bool four_bits, __m512i (*sum)[QK_STREAM_SUMS]) {
  const uint32_t step = four_bits ? 8 : 4;
  size_t k = begin;
  for (; k + 4 * QK_STREAM_SUMS <= end; k += 4 * QK_STREAM_SUMS)
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < QK_STREAM_SUMS; i++) {
      const uint32_t half = 4 * i % step;
      const size_t at = k + 4 * i - half;
      const __m512i w = weights_at(panel, at, half, four_bits);
      if (half == 0)
        __builtin_prefetch(panel + at * QK_LANES / (step / 4) + QK_PREFETCH, 0, 0);
#pragma clang loop unroll(full)
      for (uint32_t plane = 0; plane < planes; plane++)
        sum[plane][i] = _mm512_dpbusd_epi32(sum[plane][i], four_inputs(x[plane], at + half), w);
    }
  for (; k < end; k += step)
#pragma clang loop unroll(full)
    for (uint32_t half = 0; half < step; half += 4)
#pragma clang loop unroll(full)
      for (uint32_t plane = 0; plane < planes; plane++)
        sum[plane][0] = _mm512_dpbusd_epi32(sum[plane][0], four_inputs(x[plane], k + half),
                                            weights_at(panel, k, half, four_bits));
}

// The planes of one row times one panel: the weights are read once, as one ascending stream. The prefetch may
// pass the panel's end, where the next panel lies; it cannot fault.
QK_INLINE void codes_stream(const qk_linear *a, panel_ref ref, const uint32_t planes, const bool four_bits) {
  const uint8_t *panel = panel_weights(ref, codes_panel_bytes(a, four_bits));
  const uint8_t *x[2];
  __m512i total[2];
#pragma clang loop unroll(full)
  for (uint32_t plane = 0; plane < planes; plane++) {
    x[plane] = plane_row(a, plane, planes);
    total[plane] = _mm512_loadu_si512(ref.part->correction + (size_t)ref.index * QK_LANES);
  }
  for (size_t begin = 0, end; begin < a->k; begin = end) {
    end = four_bits ? group_end(a, begin) : a->k;
    __m512i sum[2][QK_STREAM_SUMS];
#pragma clang loop unroll(full)
    for (uint32_t plane = 0; plane < planes; plane++)
      for (uint32_t i = 0; i < QK_STREAM_SUMS; i++)
        sum[plane][i] = _mm512_setzero_si512();
    stream_products(panel, x, begin, end, planes, four_bits, sum);
#pragma clang loop unroll(full)
    for (uint32_t plane = 0; plane < planes; plane++) {
      const __m512i all = _mm512_add_epi32(_mm512_add_epi32(sum[plane][0], sum[plane][1]),
                                           _mm512_add_epi32(sum[plane][2], sum[plane][3]));
      total[plane] =
          four_bits ? group_total(a, ref, begin, total[plane], all) : _mm512_add_epi32(total[plane], all);
    }
  }
  const i32x16 sums[2] = {(i32x16)total[0], (i32x16)total[planes - 1]};
  linear_finish_codes(ref, 0, planes, sums);
}

// Panels that are prefetched while a tile is computed: the weights of the next group of panels arrive while
// the rows pass this one. It may pass the last panel; it cannot fault.
typedef struct panels_ahead {
  const uint8_t *weights;
  uint32_t begin, end;
} panels_ahead;

// The part of the next group, if there is one, that belongs to the tile of rows from `first_row` on.
QK_INLINE panels_ahead ahead_of_tile(const uint8_t *next, uint32_t first_row, uint32_t rows) {
  if (!next)
    return (panels_ahead){NULL, 0, 0};
  const uint32_t tile = first_row / QK_TILE_ROWS, tiles = (rows + QK_TILE_ROWS - 1) / QK_TILE_ROWS;
  return (panels_ahead){next, tile * QK_TILE_PANELS / tiles, (tile + 1) * QK_TILE_PANELS / tiles};
}

// Adds the products of inputs begin ..< end of a tile.
QK_INLINE void tile_products(const uint8_t *const *weights, const uint8_t *const *x, size_t begin, size_t end,
                             const uint32_t rows, const uint32_t panels, size_t panel_bytes,
                             panels_ahead ahead, const bool four_bits, __m512i (*sum)[QK_TILE_PANELS]) {
  const uint32_t step = four_bits ? 8 : 4;
  for (size_t k = begin; k < end; k += step) {
    for (uint32_t p = ahead.begin; p < ahead.end; p++)
      __builtin_prefetch(ahead.weights + p * panel_bytes + k * QK_LANES / (step / 4), 0, 2);
#pragma clang loop unroll(full)
    for (uint32_t half = 0; half < step; half += 4) {
      __m512i w[QK_TILE_PANELS];
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        w[p] = weights_at(weights[p], k, half, four_bits);
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++) {
        const __m512i value = four_inputs(x[r], k + half);
#pragma clang loop unroll(full)
        for (uint32_t p = 0; p < panels; p++)
          sum[r][p] = _mm512_dpbusd_epi32(sum[r][p], value, w[p]);
      }
    }
  }
}

// `rows` rows of planes times `panels` panels, of which `taken` are stored. Inputs are read as q + 128; the
// correction takes the 128 back.
QK_INLINE void codes_tile(const qk_linear *a, const panel_ref *refs, uint32_t taken, uint32_t first_row,
                          const uint32_t rows, const uint32_t panels, const uint32_t planes,
                          panels_ahead ahead, const bool four_bits) {
  const size_t bytes = codes_panel_bytes(a, four_bits);
  const uint8_t *weights[QK_TILE_PANELS];
  const uint8_t *x[QK_TILE_ROWS];
  __m512i total[QK_TILE_ROWS][QK_TILE_PANELS];
#pragma clang loop unroll(full)
  for (uint32_t p = 0; p < panels; p++) {
    weights[p] = panel_weights(refs[p], bytes);
    const __m512i start = _mm512_loadu_si512(refs[p].part->correction + (size_t)refs[p].index * QK_LANES);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
      total[r][p] = start;
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
    x[r] = plane_row(a, first_row + r, planes);
  if (!four_bits)
    tile_products(weights, x, 0, a->k, rows, panels, bytes, ahead, false, total);
  for (size_t begin = 0, end; four_bits && begin < a->k; begin = end) {
    end = group_end(a, begin);
    __m512i sum[QK_TILE_ROWS][QK_TILE_PANELS];
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        sum[r][p] = _mm512_setzero_si512();
    tile_products(weights, x, begin, end, rows, panels, bytes, ahead, true, sum);
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++)
        total[r][p] = group_total(a, refs[p], begin, total[r][p], sum[r][p]);
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r += planes)
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++) {
      const i32x16 sums[2] = {(i32x16)total[r][p], (i32x16)total[r + planes - 1][p]};
      if (p < taken)
        linear_finish_codes(refs[p], first_row + r, planes, sums);
    }
}

// Up to six rows of planes times four panels.
QK_INLINE void codes_rows(const qk_linear *a, const panel_ref *refs, uint32_t taken, uint32_t first_row,
                          uint32_t rows, const uint32_t planes, panels_ahead ahead, const bool four_bits) {
  switch (rows) {
  case 1:
    if (planes == 1)
      codes_tile(a, refs, taken, first_row, 1, QK_TILE_PANELS, 1, ahead, four_bits);
    return;
  case 2:
    return codes_tile(a, refs, taken, first_row, 2, QK_TILE_PANELS, planes, ahead, four_bits);
  case 3:
    if (planes == 1)
      codes_tile(a, refs, taken, first_row, 3, QK_TILE_PANELS, 1, ahead, four_bits);
    return;
  case 4:
    return codes_tile(a, refs, taken, first_row, 4, QK_TILE_PANELS, planes, ahead, four_bits);
  case 5:
    if (planes == 1)
      codes_tile(a, refs, taken, first_row, 5, QK_TILE_PANELS, 1, ahead, four_bits);
    return;
  default:
    return codes_tile(a, refs, taken, first_row, QK_TILE_ROWS, QK_TILE_PANELS, planes, ahead, four_bits);
  }
}

QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes,
                            const bool four_bits) {
  panel_ref refs[QK_TILE_PANELS];
  if (rows == 1) {
    while (panels_take(&panels, 1, refs) > 0)
      codes_stream(a, refs[0], planes, four_bits);
    return;
  }
  rows *= planes;
  for (uint32_t taken; (taken = panels_take(&panels, QK_TILE_PANELS, refs)) > 0;) {
    const uint8_t *next =
        panels.left > 0 ? panel_weights(panels.next, codes_panel_bytes(a, four_bits)) : NULL;
    for (uint32_t row = 0; row < rows; row += QK_TILE_ROWS) {
      const panels_ahead ahead = ahead_of_tile(next, row, rows);
      if (taken == QK_TILE_PANELS || row + QK_TILE_ROWS > rows)
        codes_rows(a, refs, taken, row, rows - row, planes, ahead, four_bits);
      else
        for (uint32_t p = 0; p < taken; p++)
          codes_tile(a, refs + p, 1, row, QK_TILE_ROWS, 1, planes, ahead, four_bits);
    }
  }
}
