// Products of codes with 512-bit VNNI: one register holds a panel's 16 sums.

#define QK_TILE_ROWS 6
#define QK_TILE_PANELS 4
// Bytes between a load of weights and their prefetch, for a single row; twice as many of four bits.
#define QK_PREFETCH 4096
// Sums of a single row, each over every fourth group of inputs.
#define QK_STREAM_SUMS 4

// Inputs k ..< k + 4, for every output: with weights of eight bits as q + 128.
QK_INLINE __m512i four_inputs(const uint8_t *x, size_t k, const bool four_bits) {
  int32_t four;
  memcpy(&four, x + k, sizeof four);
  __m512i value = _mm512_set1_epi32(four);
  if (four_bits)
    return value;
  // Else the compiler moves the exclusive or before the broadcast, which costs a shuffle.
  __asm__("" : "+v"(value));
  return _mm512_xor_si512(value, _mm512_set1_epi32((int)0x80808080));
}

// The codes of inputs k + half ..< k + half + 4 of a panel, k a multiple of 8 where there are halves; those
// of four bits as q + 8.
QK_INLINE __m512i four_weights(const uint8_t *panel, size_t k, const uint32_t half, const bool four_bits) {
  if (!four_bits)
    return _mm512_loadu_si512(panel + k * QK_LANES);
  const __m512i both = _mm512_loadu_si512(panel + k * QK_LANES / 2);
  // (both ^ 8) & 15
  return _mm512_ternarylogic_epi32(half ? _mm512_srli_epi16(both, 4) : both, _mm512_set1_epi8(8),
                                   _mm512_set1_epi8(15), 0x28);
}

// Of inputs and weights the one that cannot be negative comes first.
QK_INLINE __m512i add_products(__m512i sum, __m512i x, __m512i w, const bool four_bits) {
  return four_bits ? _mm512_dpbusd_epi32(sum, w, x) : _mm512_dpbusd_epi32(sum, x, w);
}

// Sums of weights read as q + 8 begin with -8 times the sum of the inputs, for each group of them. `rows`
// counts planes. starts: [rows][groups]
QK_INLINE void group_starts(const qk_linear *a, uint32_t rows, const uint32_t planes, int32_t *starts) {
  const __m512i one = _mm512_set1_epi8(1);
  for (uint32_t row = 0; row < rows; row++) {
    const uint8_t *x = plane_row(a, row, planes);
    for (size_t begin = 0; begin < a->k; begin += QK_GROUP) {
      const size_t count = group_end(a, begin) - begin;
      __m512i sum = _mm512_setzero_si512();
      for (size_t i = 0; i < count; i += 64) {
        const __mmask64 valid = count - i < 64 ? ((__mmask64)1 << (count - i)) - 1 : ~(__mmask64)0;
        sum = _mm512_dpbusd_epi32(sum, one, _mm512_maskz_loadu_epi8(valid, x + begin + i));
      }
      *starts++ = -8 * _mm512_reduce_add_epi32(sum);
    }
  }
}

// Adds the products of one load of weights to sum[...][i]. Of weights of four bits the first half comes as q
// + 8, the second as 16 times that, to sum[...][i + 1]. sum: [planes][QK_STREAM_SUMS]
QK_INLINE void stream_step(const uint8_t *panel, const uint8_t *const *x, size_t k, const uint32_t i,
                           const uint32_t planes, const bool four_bits, __m512i (*sum)[QK_STREAM_SUMS]) {
  __m512i w = _mm512_loadu_si512(panel + k * QK_LANES / (four_bits ? 2 : 1));
  if (four_bits)
    w = _mm512_xor_si512(w, _mm512_set1_epi8((char)0x88));
  // Else the compiler joins exclusive or and masks to operations that take the multiplier's place.
  __asm__("" : "+v"(w));
  const __m512i first = four_bits ? _mm512_and_si512(w, _mm512_set1_epi8(15)) : w;
  const __m512i second = _mm512_and_si512(w, _mm512_set1_epi8((char)0xf0));
#pragma clang loop unroll(full)
  for (uint32_t plane = 0; plane < planes; plane++) {
    __m512i *to = sum[plane] + i;
    to[0] = add_products(to[0], four_inputs(x[plane], k, four_bits), first, four_bits);
    if (four_bits)
      to[1] = add_products(to[1], four_inputs(x[plane], k + 4, true), second, true);
  }
}

// Adds the products of inputs begin ..< end of the planes of one row. sum: [planes][QK_STREAM_SUMS]
QK_INLINE void stream_products(const uint8_t *panel, const uint8_t *const *x, size_t begin, size_t end,
                               const uint32_t planes, const bool four_bits, __m512i (*sum)[QK_STREAM_SUMS]) {
  const uint32_t each = four_bits ? 2 : 1;
  size_t k = begin;
  for (; k + 4 * QK_STREAM_SUMS <= end; k += 4 * QK_STREAM_SUMS)
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < QK_STREAM_SUMS; i += each) {
      __builtin_prefetch(panel + (k + 4 * i) * QK_LANES / each + QK_PREFETCH * each, 0, 0);
      stream_step(panel, x, k + 4 * i, i, planes, four_bits, sum);
    }
  for (; k < end; k += 4 * each)
    stream_step(panel, x, k, 0, planes, four_bits, sum);
}

// The products of inputs begin ..< end: of a group, or with weights of eight bits of all. total: [planes]
QK_INLINE void stream_group(const qk_linear *a, panel_ref ref, const uint8_t *panel, const uint8_t *const *x,
                            const int32_t *starts, size_t begin, size_t end, const uint32_t planes,
                            const bool four_bits, i32x16 *total) {
  __m512i sum[2][QK_STREAM_SUMS];
#pragma clang loop unroll(full)
  for (uint32_t plane = 0; plane < planes; plane++) {
    sum[plane][0] = four_bits ? _mm512_set1_epi32(starts[plane * group_count(a) + begin / QK_GROUP])
                              : (__m512i)total[plane];
    for (uint32_t i = 1; i < QK_STREAM_SUMS; i++)
      sum[plane][i] = _mm512_setzero_si512();
  }
  stream_products(panel, x, begin, end, planes, four_bits, sum);
#pragma clang loop unroll(full)
  for (uint32_t plane = 0; plane < planes; plane++) {
    const __m512i first = _mm512_add_epi32(sum[plane][0], sum[plane][2]);
    const __m512i second = _mm512_add_epi32(sum[plane][1], sum[plane][3]);
    const i32x16 all = (i32x16)_mm512_add_epi32(first, four_bits ? _mm512_srai_epi32(second, 4) : second);
    total[plane] = four_bits ? group_add(a, ref, begin, total[plane], all) : all;
  }
}

// Prefetches what the next panel of a part has beside its weights. It may pass the last panel; it cannot
// fault.
QK_INLINE void prefetch_small(const qk_linear *a, panel_ref ref, const bool four_bits) {
  const size_t next = (size_t)ref.index + 1, groups = group_count(a);
  for (size_t i = 0; four_bits && i < groups * QK_LANES; i += 64)
    __builtin_prefetch(ref.part->factors + next * groups * QK_LANES + i);
  if (!four_bits)
    __builtin_prefetch(ref.part->correction + next * QK_LANES);
  __builtin_prefetch(ref.part->multiplier + next * QK_LANES);
  __builtin_prefetch(ref.part->bias + next * QK_LANES);
}

// The planes of one row times one panel: the weights are read once, as one ascending stream. The prefetch may
// pass the panel's end, where the next panel lies; it cannot fault.
QK_INLINE void codes_stream(const qk_linear *a, panel_ref ref, const uint32_t planes, const bool four_bits,
                            const int32_t *starts) {
  const uint8_t *panel = panel_weights(ref, codes_panel_bytes(a, four_bits));
  const uint8_t *x[2];
  i32x16 total[2];
  prefetch_small(a, ref, four_bits);
#pragma clang loop unroll(full)
  for (uint32_t plane = 0; plane < planes; plane++) {
    x[plane] = plane_row(a, plane, planes);
    total[plane] = four_bits ? splat_i32(0) : load_i32(ref.part->correction + (size_t)ref.index * QK_LANES);
  }
  size_t begin = 0;
  for (; four_bits && begin + QK_GROUP <= a->k; begin += QK_GROUP)
    stream_group(a, ref, panel, x, starts, begin, begin + QK_GROUP, planes, true, total);
  if (begin < a->k)
    stream_group(a, ref, panel, x, starts, begin, a->k, planes, four_bits, total);
  linear_finish_codes(ref, 0, planes, total);
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
        w[p] = four_weights(weights[p], k, half, four_bits);
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++) {
        const __m512i value = four_inputs(x[r], k + half, four_bits);
#pragma clang loop unroll(full)
        for (uint32_t p = 0; p < panels; p++)
          sum[r][p] = add_products(sum[r][p], value, w[p], four_bits);
      }
      // Else the weights of both halves are kept, for which there are not registers enough.
      __asm__ volatile("" ::: "memory");
    }
  }
}

// The same for each group of inputs: total + factors * sum.
QK_INLINE void tile_groups(const qk_linear *a, const panel_ref *refs, const uint8_t *const *weights,
                           const uint8_t *const *x, const uint32_t rows, const uint32_t panels,
                           panels_ahead ahead, const int32_t *starts, __m512i (*total)[QK_TILE_PANELS]) {
  for (size_t begin = 0; begin < a->k; begin += QK_GROUP) {
    __m512i sum[QK_TILE_ROWS][QK_TILE_PANELS];
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      const __m512i start = _mm512_set1_epi32(starts[r * group_count(a) + begin / QK_GROUP]);
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        sum[r][p] = start;
    }
    tile_products(weights, x, begin, group_end(a, begin), rows, panels, codes_panel_bytes(a, true), ahead,
                  true, sum);
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
#pragma clang loop unroll(full)
      for (uint32_t r = 0; r < rows; r++)
        total[r][p] = (__m512i)group_add(a, refs[p], begin, (i32x16)total[r][p], (i32x16)sum[r][p]);
  }
}

// `rows` rows of planes times `panels` panels, of which `taken` are stored. Inputs are read as q + 128 with
// weights of eight bits, whose correction takes the 128 back.
QK_INLINE void codes_tile(const qk_linear *a, const panel_ref *refs, uint32_t taken, uint32_t first_row,
                          const uint32_t rows, const uint32_t panels, const uint32_t planes,
                          panels_ahead ahead, const bool four_bits, const int32_t *starts) {
  const size_t bytes = codes_panel_bytes(a, four_bits);
  const uint8_t *weights[QK_TILE_PANELS];
  const uint8_t *x[QK_TILE_ROWS];
  __m512i total[QK_TILE_ROWS][QK_TILE_PANELS];
#pragma clang loop unroll(full)
  for (uint32_t p = 0; p < panels; p++) {
    weights[p] = panel_weights(refs[p], bytes);
    const __m512i start =
        four_bits ? _mm512_setzero_si512()
                  : _mm512_loadu_si512(refs[p].part->correction + (size_t)refs[p].index * QK_LANES);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++)
      total[r][p] = start;
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
    x[r] = plane_row(a, first_row + r, planes);
  if (four_bits)
    tile_groups(a, refs, weights, x, rows, panels, ahead, starts + first_row * group_count(a), total);
  else
    tile_products(weights, x, 0, a->k, rows, panels, bytes, ahead, false, total);
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
                          uint32_t rows, const uint32_t planes, panels_ahead ahead, const bool four_bits,
                          const int32_t *starts) {
  switch (rows) {
  case 1:
    if (planes == 1)
      codes_tile(a, refs, taken, first_row, 1, QK_TILE_PANELS, 1, ahead, four_bits, starts);
    return;
  case 2:
    return codes_tile(a, refs, taken, first_row, 2, QK_TILE_PANELS, planes, ahead, four_bits, starts);
  case 3:
    if (planes == 1)
      codes_tile(a, refs, taken, first_row, 3, QK_TILE_PANELS, 1, ahead, four_bits, starts);
    return;
  case 4:
    return codes_tile(a, refs, taken, first_row, 4, QK_TILE_PANELS, planes, ahead, four_bits, starts);
  case 5:
    if (planes == 1)
      codes_tile(a, refs, taken, first_row, 5, QK_TILE_PANELS, 1, ahead, four_bits, starts);
    return;
  default:
    return codes_tile(a, refs, taken, first_row, QK_TILE_ROWS, QK_TILE_PANELS, planes, ahead, four_bits,
                      starts);
  }
}

QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes,
                            const bool four_bits, uint8_t *scratch) {
  panel_ref refs[QK_TILE_PANELS];
  int32_t *starts = (int32_t *)(void *)scratch;
  if (four_bits)
    group_starts(a, rows * planes, planes, starts);
  if (rows == 1) {
    while (panels_take(&panels, 1, refs) > 0)
      codes_stream(a, refs[0], planes, four_bits, starts);
    return;
  }
  rows *= planes;
  for (uint32_t taken; (taken = panels_take(&panels, QK_TILE_PANELS, refs)) > 0;) {
    const uint8_t *next =
        panels.left > 0 ? panel_weights(panels.next, codes_panel_bytes(a, four_bits)) : NULL;
    for (uint32_t row = 0; row < rows; row += QK_TILE_ROWS) {
      const panels_ahead ahead = ahead_of_tile(next, row, rows);
      if (taken == QK_TILE_PANELS || row + QK_TILE_ROWS > rows)
        codes_rows(a, refs, taken, row, rows - row, planes, ahead, four_bits, starts);
      else
        for (uint32_t p = 0; p < taken; p++)
          codes_tile(a, refs + p, 1, row, QK_TILE_ROWS, 1, planes, ahead, four_bits, starts);
    }
  }
}
