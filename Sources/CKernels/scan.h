// Selective scan, token by token, over blocks of 16 channels.

// Rows of B or C as floats, `stride` floats apart.
typedef struct scan_rows {
  const float *base;
  size_t stride;
} scan_rows;

// The rows themselves where they are floats, else their dequantized copy. copy: [rows][n padded to 16].
QK_INLINE scan_rows scan_floats(const qk_operand *operand, qk_range rows, uint32_t n, float *copy) {
  if (operand->type == QK_F32)
    return (scan_rows){(const float *)(const void *)operand_row(operand, rows.begin), operand->stride / 4};
  const size_t stride = (size_t)qk_blocks(n) * QK_LANES;
  for (uint32_t row = rows.begin; row < rows.end; row++)
    for (uint32_t block = 0; block < qk_blocks(n); block++)
      store_f32(copy + (row - rows.begin) * stride + (size_t)block * QK_LANES,
                operand_load(operand, operand_row(operand, row), block));
  return (scan_rows){copy, stride};
}

// How the states of one block are stored; scale and inverse are those of i8.
typedef struct scan_state {
  uint32_t type;
  f32x16 scale, inverse;
} scan_state;

// scale, inverse: [blocks * 16], i8 only.
QK_INLINE scan_state scan_state_of(uint32_t type, const float *scale, const float *inverse, uint32_t block) {
  if (type != QK_I8)
    return (scan_state){type, splat(1), splat(1)};
  const size_t first = (size_t)block * QK_LANES;
  return (scan_state){type, load_f32(scale + first), load_f32(inverse + first)};
}

QK_INLINE f32x16 state_load(scan_state state, const uint8_t *src) {
  const f32x16 v = load_typed(src, state.type);
  return state.type == QK_I8 ? v * state.scale : v;
}

QK_INLINE void state_store(scan_state state, uint8_t *dst, f32x16 v) {
  if (state.type == QK_F32)
    store_f32(dst, v);
  else if (state.type == QK_F16)
    store_f16(dst, min16(max16(v, splat(-QK_F16_MAX)), splat(QK_F16_MAX)));
  else
    store_i8(dst, round_i8(v * state.inverse));
}

// One token of one block: updates h and returns C h. h, decay: [n][16]; b, c: [n].
QK_INLINE f32x16 scan_token(uint32_t n, scan_state state, f32x16 delta, f32x16 delta_u, const float *decay,
                            const float *b, const float *c, uint8_t *h) {
  const size_t bytes = QK_LANES * type_bytes(state.type);
  f32x16 y = splat(0);
  for (uint32_t j = 0; j < n; j++) {
    const f32x16 factor = exp16(delta * load_f32(decay + (size_t)j * QK_LANES));
    const f32x16 next = fma16(factor, state_load(state, h + j * bytes), delta_u * b[j]);
    state_store(state, h + j * bytes, next);
    y = fma16(splat(c[j]), next, y);
  }
  return y;
}

// The largest |h| of each channel of a block.
QK_INLINE f32x16 scan_peak(uint32_t n, scan_state state, const uint8_t *h) {
  f32x16 peak = splat(0);
  for (uint32_t j = 0; j < n; j++)
    peak = max16(abs16(state_load(state, h + (size_t)j * QK_LANES * type_bytes(state.type))), peak);
  return peak;
}

// One block over a few rows of one segment.
QK_INLINE void scan_block(const qk_scan *a, qk_range rows, uint32_t block, uint32_t type, scan_rows b,
                          scan_rows c, uint8_t *h) {
  const scan_state state = scan_state_of(type, a->state_scale, a->state_inverse, block);
  // The states of the next block are fetched while those of this one are computed; it cannot fault.
  const size_t bytes = a->n * QK_LANES * type_bytes(type);
  for (size_t line = 0; line < bytes; line += 64)
    __builtin_prefetch(h + bytes + line, 1, 3);
  const float *decay = a->a + (size_t)block * a->n * QK_LANES;
  const f32x16 dt_bias = load_f32(a->dt_bias + (size_t)block * QK_LANES);
  const f32x16 skip = load_f32(a->d + (size_t)block * QK_LANES);
  for (uint32_t row = rows.begin; row < rows.end; row++) {
    const size_t index = row - rows.begin;
    const f32x16 u = operand_load(&a->u, operand_row(&a->u, row), block);
    const f32x16 delta = softplus16(operand_load(&a->dt, operand_row(&a->dt, row), block) + dt_bias);
    f32x16 y = scan_token(a->n, state, delta, delta * u, decay, b.base + index * b.stride,
                          c.base + index * c.stride, h);
    y = fma16(skip, u, y);
    if (a->z.base)
      y = y * silu16(operand_load(&a->z, operand_row(&a->z, row), block));
    store_f32(operand_row(&a->out, row) + (size_t)block * 64, y);
    if (a->peak.base)
      store_f32(operand_row(&a->peak, row) + (size_t)block * 64, scan_peak(a->n, state, h));
  }
}

// A few rows of one segment over the blocks of one thread.
QK_INLINE void scan_chunk(const void *args, qk_range rows, qk_range blocks, uint32_t type, uint8_t *state,
                          float *scratch) {
  const qk_scan *a = args;
  const size_t half = (size_t)qk_scan_chunk(a->n) * qk_blocks(a->n) * QK_LANES;
  const scan_rows b = scan_floats(&a->b, rows, a->n, scratch);
  const scan_rows c = scan_floats(&a->c, rows, a->n, scratch + half);
  for (uint32_t block = blocks.begin; block < blocks.end; block++) {
    const size_t first = (size_t)block * a->n * QK_LANES;
    scan_block(a, rows, block, type, b, c, state + first * type_bytes(type));
  }
}

// What a scan does over a few rows of one segment, `state` being the segment's at the first block.
typedef void scan_piece(const void *args, qk_range rows, qk_range blocks, uint32_t type, uint8_t *state,
                        float *scratch);

// All segments in pieces of `chunk` rows, each piece compiled for the type of its states.
QK_INLINE void scan_segments(const qk_step *step, const qk_call *call, uint32_t thread, qk_range blocks,
                             uint32_t chunk, uint64_t state_offset, uint32_t type, scan_piece *piece) {
  float *scratch = (float *)(void *)step->scratch[thread];
  if (blocks.begin == blocks.end)
    return;
  for (uint32_t segment = 0; segment < call->segments; segment++) {
    const uint32_t end = call->segment_start[segment + 1];
    uint8_t *state = call->segment_state[segment] + state_offset;
    for (uint32_t row = call->segment_start[segment]; row < end; row += chunk) {
      const qk_range rows = {row, end - row < chunk ? end : row + chunk};
      if (type == QK_F32)
        piece(&step->args, rows, blocks, QK_F32, state, scratch);
      else if (type == QK_F16)
        piece(&step->args, rows, blocks, QK_F16, state, scratch);
      else
        piece(&step->args, rows, blocks, QK_I8, state, scratch);
    }
  }
}

static void scan(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_scan *a = &step->args.scan;
  scan_segments(step, call, thread, qk_share(a->blocks, thread, threads), qk_scan_chunk(a->n),
                a->state_offset, a->state_type, scan_chunk);
}
