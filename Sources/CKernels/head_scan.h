// Selective scan whose channels belong to heads, over blocks of 16 channels.

// Tokens that one pass over the states of a block takes in. Each state meets them in order, so how many there
// are changes no bit.
#define QK_SCAN_TILE 4

// What one token brings to a block. b, c: [n], or [n][16] where the block's channels are of several groups.
typedef struct head_token {
  f32x16 factor, drive, y;
  const float *b, *c;
} head_token;

// The head of one channel of a block; padded channels count as the last head's.
QK_INLINE uint32_t head_of(const qk_head_scan *a, uint32_t block, uint32_t lane) {
  const uint32_t head = (block * QK_LANES + lane) / a->head_width;
  return head < a->heads ? head : a->heads - 1;
}

// The values of the heads that the channels of a block belong to. values: [heads].
QK_INLINE f32x16 head_lanes(const qk_head_scan *a, const float *values, uint32_t block) {
  if (a->head_width % QK_LANES == 0)
    return splat(values[block * QK_LANES / a->head_width]);
  f32x16 v = splat(0);
  for (uint32_t lane = 0; lane < QK_LANES; lane++)
    v[lane] = values[head_of(a, block, lane)];
  return v;
}

// One row of B or C with a value for each channel of a block. row: [groups][n]; mixed: [n][16].
QK_INLINE const float *head_mix(const qk_head_scan *a, uint32_t block, const float *row, float *mixed) {
  for (uint32_t lane = 0; lane < QK_LANES; lane++) {
    const uint32_t group = head_of(a, block, lane) / (a->heads / a->groups);
    for (uint32_t j = 0; j < a->n; j++)
      mixed[(size_t)j * QK_LANES + lane] = row[(size_t)group * a->n + j];
  }
  return mixed;
}

QK_INLINE f32x16 head_coefficient(const float *values, uint32_t j, bool is_mixed) {
  return is_mixed ? load_f32(values + (size_t)j * QK_LANES) : splat(values[j]);
}

// The state as the next token finds it.
QK_INLINE f32x16 state_kept(scan_state state, f32x16 v) {
  uint8_t cell[64];
  if (state.type == QK_F32)
    return v;
  state_store(state, cell, v);
  return state_load(state, cell);
}

// Takes tokens into the states of a block, and adds C h to their y. h: [n][16].
QK_INLINE void head_states(uint32_t n, uint32_t tokens, bool is_mixed, scan_state state, head_token *token,
                           uint8_t *h) {
  const size_t bytes = QK_LANES * type_bytes(state.type);
  for (uint32_t j = 0; j < n; j++) {
    f32x16 kept = state_load(state, h + j * bytes);
    for (uint32_t i = 0; i < tokens; i++) {
      const f32x16 driven = token[i].drive * head_coefficient(token[i].b, j, is_mixed);
      const f32x16 next = fma16(token[i].factor, kept, driven);
      token[i].y = fma16(head_coefficient(token[i].c, j, is_mixed), next, token[i].y);
      if (i + 1 < tokens)
        kept = state_kept(state, next);
      else
        state_store(state, h + j * bytes, next);
    }
  }
}

// B and C of the rows of a chunk, the chunk's first row, and room for one row of each as head_mix leaves it.
typedef struct head_inputs {
  scan_rows b, c;
  uint32_t begin;
  float *mixed;
} head_inputs;

// A few tokens of one block.
QK_INLINE void head_tokens(const qk_head_scan *a, const head_inputs *inputs, uint32_t row, uint32_t tokens,
                           uint32_t block, bool is_mixed, scan_state state, uint8_t *h) {
  const f32x16 decay = head_lanes(a, a->a, block), skip = head_lanes(a, a->d, block);
  const size_t group = (size_t)(head_of(a, block, 0) / (a->heads / a->groups)) * a->n;
  head_token token[QK_SCAN_TILE];
  f32x16 u[QK_SCAN_TILE];
  for (uint32_t i = 0; i < tokens; i++) {
    const float *deltas = (const float *)(const void *)operand_row(&a->delta, row + i);
    const f32x16 delta = head_lanes(a, deltas, block);
    const float *b = inputs->b.base + (row + i - inputs->begin) * inputs->b.stride;
    const float *c = inputs->c.base + (row + i - inputs->begin) * inputs->c.stride;
    u[i] = operand_load(&a->u, operand_row(&a->u, row + i), block);
    token[i].factor = exp16(delta * decay);
    token[i].drive = delta * u[i];
    token[i].y = splat(0);
    token[i].b = is_mixed ? head_mix(a, block, b, inputs->mixed) : b + group;
    token[i].c = is_mixed ? head_mix(a, block, c, inputs->mixed + (size_t)a->n * QK_LANES) : c + group;
  }
  head_states(a->n, tokens, is_mixed, state, token, h);
  for (uint32_t i = 0; i < tokens; i++) {
    f32x16 y = fma16(skip, u[i], token[i].y);
    if (a->z.base)
      y = y * silu16(operand_load(&a->z, operand_row(&a->z, row + i), block));
    store_f32(operand_row(&a->out, row + i) + (size_t)block * 64, y);
  }
}

// One block over a few rows of one segment: several tokens at a time where nothing is to be seen between
// them.
QK_INLINE void head_block(const qk_head_scan *a, const head_inputs *inputs, qk_range rows, uint32_t block,
                          uint32_t type, uint8_t *h) {
  const scan_state state = scan_state_of(type, a->state_scale, a->state_inverse, block);
  const uint32_t each = a->heads / a->groups;
  const bool is_mixed = head_of(a, block, 0) / each != head_of(a, block, QK_LANES - 1) / each;
  uint32_t row = rows.begin;
  if (!is_mixed && !a->peak.base)
    for (; rows.end - row >= QK_SCAN_TILE; row += QK_SCAN_TILE)
      head_tokens(a, inputs, row, QK_SCAN_TILE, block, false, state, h);
  for (; row < rows.end; row++) {
    if (is_mixed)
      head_tokens(a, inputs, row, 1, block, true, state, h);
    else
      head_tokens(a, inputs, row, 1, block, false, state, h);
    if (a->peak.base)
      store_f32(operand_row(&a->peak, row) + (size_t)block * 64, scan_peak(a->n, state, h));
  }
}

// A few rows of one segment over the blocks of one thread. scratch: B and C as floats, then
// head_inputs.mixed.
QK_INLINE void head_chunk(const void *args, qk_range rows, qk_range blocks, uint32_t type, uint8_t *state,
                          float *scratch) {
  const qk_head_scan *a = args;
  const uint32_t width = a->groups * a->n;
  const size_t half = (size_t)qk_scan_chunk(a->n) * qk_blocks(width) * QK_LANES;
  const head_inputs inputs = {scan_floats(&a->b, rows, width, scratch),
                              scan_floats(&a->c, rows, width, scratch + half), rows.begin,
                              scratch + 2 * half};
  for (uint32_t block = blocks.begin; block < blocks.end; block++)
    head_block(a, &inputs, rows, block, type, state + (size_t)block * a->n * QK_LANES * type_bytes(type));
}

static void head_scan(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_head_scan *a = &step->args.head_scan;
  scan_segments(step, call, thread, qk_share(a->blocks, thread, threads), qk_scan_chunk(a->n),
                a->state_offset, a->state_type, head_chunk);
}
