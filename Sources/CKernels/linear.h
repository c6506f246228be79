// Linear layers: the list of panels, what follows the product, and the product of float32 inputs. The product
// of codes, codes_planes(), comes from the including file and differs between instruction sets.
//
// To it a row of i16 is two rows of i8, one for each plane: `planes` times as many rows as the call has.

// One panel of the concatenated parts.
typedef struct panel_ref {
  const qk_linear_part *part;
  uint32_t index; // within the part
} panel_ref;

// Walks the panels of all parts in order.
typedef struct panel_cursor {
  panel_ref next;
  uint32_t left;
} panel_cursor;

QK_INLINE panel_cursor panels_of_thread(const qk_linear *a, uint32_t thread, uint32_t threads) {
  uint32_t total = 0;
  for (uint32_t i = 0; i < a->part_count; i++)
    total += a->parts[i].panels;
  const qk_range share = qk_share(total, thread, threads);
  panel_cursor cursor = {{a->parts, share.begin}, share.end - share.begin};
  return cursor;
}

// Takes up to `capacity` panels; the rest of `refs` repeats the last one, so that kernels of fixed width can
// run.
QK_INLINE uint32_t panels_take(panel_cursor *cursor, uint32_t capacity, panel_ref *refs) {
  uint32_t taken = 0;
  for (; taken < capacity && cursor->left > 0; taken++, cursor->left--, cursor->next.index++) {
    while (cursor->next.index >= cursor->next.part->panels) {
      cursor->next.index -= cursor->next.part->panels;
      cursor->next.part++;
    }
    refs[taken] = cursor->next;
  }
  for (uint32_t i = taken; taken > 0 && i < capacity; i++)
    refs[i] = refs[taken - 1];
  return taken;
}

QK_INLINE const uint8_t *panel_weights(panel_ref ref, size_t panel_bytes) {
  return (const uint8_t *)ref.part->weights + ref.index * panel_bytes;
}

// Stores one row of a panel.
QK_INLINE void linear_store(panel_ref ref, uint32_t row, f32x16 y) {
  const qk_linear_part *part = ref.part;
  uint8_t *out = operand_row(&part->out, row);
  if (part->out.type == QK_I8) {
    store_i8(out + (size_t)ref.index * QK_LANES, round_i8(y));
    return;
  }
  uint8_t *dst = out + (size_t)ref.index * 64;
  store_f32(dst, part->accumulate ? load_f32(dst) + y : y);
}

// y = fma(sum, multiplier, bias), stored.
QK_INLINE void linear_finish(panel_ref ref, uint32_t row, f32x16 sum) {
  const size_t first = (size_t)ref.index * QK_LANES;
  linear_store(ref, row,
               fma16(sum, load_f32(ref.part->multiplier + first), load_f32(ref.part->bias + first)));
}

// The codes of one plane: row `index / planes`, plane `index % planes`.
QK_INLINE const uint8_t *plane_row(const qk_linear *a, uint32_t index, const uint32_t planes) {
  return operand_row(&a->in, index / planes) + (size_t)(index % planes) * a->in.plane;
}

// The sums of all planes of row `index / planes`; `index` is that of its first plane. sums: [planes], a panel
// each.
QK_INLINE void linear_finish_codes(panel_ref ref, uint32_t index, const uint32_t planes, const i32x16 *sums) {
  f32x16 sum = __builtin_convertvector(sums[0], f32x16);
  if (planes == 2)
    sum = fma16(sum, splat(256), __builtin_convertvector(sums[1], f32x16));
  linear_finish(ref, index / planes, sum);
}

// Bytes of a panel of codes.
QK_INLINE size_t codes_panel_bytes(const qk_linear *a, const bool four_bits) {
  return (size_t)a->k * QK_LANES / (four_bits ? 2 : 1);
}

// Where the group of inputs ends that begins at `begin`.
QK_INLINE size_t group_end(const qk_linear *a, size_t begin) {
  return a->k - begin > QK_GROUP ? begin + QK_GROUP : a->k;
}

// Groups of inputs of one row of a panel.
QK_INLINE size_t group_count(const qk_linear *a) {
  return (a->k + QK_GROUP - 1) / QK_GROUP;
}

// total + factors * sum for the group of inputs that begins at `begin`. Vectors wrap round: where inputs are
// read as q + 128, a total may pass 2^31 on the way, and the correction in it brings it back.
QK_INLINE i32x16 group_add(const qk_linear *a, panel_ref ref, size_t begin, i32x16 total, i32x16 sum) {
  const size_t group = ref.index * group_count(a) + begin / QK_GROUP;
  u8x16 factors;
  memcpy(&factors, ref.part->factors + group * QK_LANES, sizeof factors);
  return total + __builtin_convertvector(factors, i32x16) * sum;
}

// ---- float32 inputs -------------------------------------------------------------------------------------

// Input `k` of the 16 outputs of a panel.
QK_INLINE f32x16 weight_load(const uint8_t *panel, uint32_t type, size_t k) {
  if (type != QK_I8)
    return load_typed(panel + k * QK_LANES * type_bytes(type), type);
  const i32x16 four = load_i32(panel + k / 4 * 64);
  return __builtin_convertvector((four << (int32_t)(24 - k % 4 * 8)) >> 24, f32x16);
}

// `rows` (up to 8) rows times `panels` (up to 8) panels, all k. x: row r at x[r].
QK_INLINE void float_tile(const qk_linear *a, const panel_ref *refs, uint32_t taken, uint32_t first_row,
                          uint32_t rows, uint32_t panels, uint32_t type) {
  const uint8_t *weights[8];
  const float *x[8];
  f32x16 sum[8][8];
  for (uint32_t p = 0; p < panels; p++)
    weights[p] = panel_weights(refs[p], (size_t)a->k * QK_LANES * type_bytes(type));
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++) {
    x[r] = (const float *)(const void *)operand_row(&a->in, first_row + r);
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
      sum[r][p] = splat(0);
  }
  for (size_t k = 0; k < a->k; k++) {
    f32x16 w[8];
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++)
      w[p] = weight_load(weights[p], type, k);
#pragma clang loop unroll(full)
    for (uint32_t r = 0; r < rows; r++) {
      const f32x16 value = splat(x[r][k]);
#pragma clang loop unroll(full)
      for (uint32_t p = 0; p < panels; p++)
        sum[r][p] = fma16(value, w[p], sum[r][p]);
    }
  }
#pragma clang loop unroll(full)
  for (uint32_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (uint32_t p = 0; p < panels; p++) {
      if (p >= taken)
        continue;
      const float *bias = refs[p].part->bias;
      if (type == QK_I8)
        linear_finish(refs[p], first_row + r, sum[r][p]);
      else
        linear_store(refs[p], first_row + r,
                     bias ? sum[r][p] + load_f32(bias + (size_t)refs[p].index * QK_LANES) : sum[r][p]);
    }
}

// Rows and panels of a full tile, and panels of a tile of a single row; set by what the registers hold.
#ifndef QK_FLOAT_ROWS
#define QK_FLOAT_ROWS 2
#define QK_FLOAT_PANELS 1
#define QK_FLOAT_PANELS_ONE_ROW 1
#endif

// All rows of one type.
QK_INLINE void linear_f32_typed(const qk_linear *a, uint32_t rows, panel_cursor panels, uint32_t type) {
  panel_ref refs[8];
  if (rows == 1) {
    for (uint32_t taken; (taken = panels_take(&panels, QK_FLOAT_PANELS_ONE_ROW, refs)) > 0;)
      float_tile(a, refs, taken, 0, 1, QK_FLOAT_PANELS_ONE_ROW, type);
    return;
  }
  for (uint32_t taken; (taken = panels_take(&panels, QK_FLOAT_PANELS, refs)) > 0;) {
    uint32_t row = 0;
    for (; row + QK_FLOAT_ROWS <= rows; row += QK_FLOAT_ROWS)
      float_tile(a, refs, taken, row, QK_FLOAT_ROWS, QK_FLOAT_PANELS, type);
#if QK_FLOAT_ROWS > 2
    for (; row + 2 <= rows; row += 2)
      float_tile(a, refs, taken, row, 2, QK_FLOAT_PANELS, type);
#endif
    for (; row < rows; row++)
      float_tile(a, refs, taken, row, 1, QK_FLOAT_PANELS, type);
  }
}

static void linear_f32(const qk_linear *a, uint32_t rows, panel_cursor panels) {
  switch (a->weight_type) {
  case QK_F32:
    linear_f32_typed(a, rows, panels, QK_F32);
    break;
  case QK_BF16:
    linear_f32_typed(a, rows, panels, QK_BF16);
    break;
  case QK_F16:
    linear_f32_typed(a, rows, panels, QK_F16);
    break;
  default:
    linear_f32_typed(a, rows, panels, QK_I8);
  }
}

// `planes` times `rows` rows of codes. Constant arguments give each form its own loops. scratch: of one
// thread, for weights of four bits.
QK_INLINE void codes_planes(const qk_linear *a, uint32_t rows, panel_cursor panels, const uint32_t planes,
                            const bool four_bits, uint8_t *scratch);

static void linear_codes(const qk_linear *a, uint32_t rows, panel_cursor panels, uint8_t *scratch) {
  const bool wide = a->in.type == QK_I16;
  if (a->weight_type == QK_I4)
    wide ? codes_planes(a, rows, panels, 2, true, scratch) : codes_planes(a, rows, panels, 1, true, scratch);
  else
    wide ? codes_planes(a, rows, panels, 2, false, NULL) : codes_planes(a, rows, panels, 1, false, NULL);
}

static void linear(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_linear *a = &step->args.linear;
  const panel_cursor panels = panels_of_thread(a, thread, threads);
  if (a->in.type == QK_F32)
    linear_f32(a, call->rows, panels);
  else
    linear_codes(a, call->rows, panels, a->weight_type == QK_I4 ? step->scratch[thread] : NULL);
}
