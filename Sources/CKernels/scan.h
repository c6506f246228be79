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

// Whether all states of a block decay alike (Mamba-2), so that one exponential a token serves them all.
QK_INLINE bool scan_uniform(const float *decay, uint32_t n) {
  for (size_t j = 1; j < n; j++)
    if (memcmp(decay, decay + j * QK_LANES, 64) != 0)
      return false;
  return true;
}

// One token of one block: updates h and returns C h. h, decay: [n][16]; b, c: [n].
QK_INLINE f32x16 scan_token(uint32_t n, bool uniform, f32x16 delta, f32x16 delta_u, const float *decay,
                            const float *b, const float *c, float *h) {
  f32x16 factor = uniform ? exp16(delta * load_f32(decay)) : splat(0);
  f32x16 y = splat(0);
  for (uint32_t j = 0; j < n; j++) {
    if (!uniform)
      factor = exp16(delta * load_f32(decay + (size_t)j * QK_LANES));
    const f32x16 next = fma16(factor, load_f32(h + (size_t)j * QK_LANES), delta_u * b[j]);
    store_f32(h + (size_t)j * QK_LANES, next);
    y = fma16(splat(c[j]), next, y);
  }
  return y;
}

// One block over a few rows of one segment.
QK_INLINE void scan_block(const qk_scan *a, qk_range rows, uint32_t block, bool uniform, scan_rows b,
                          scan_rows c, float *h) {
  const float *decay = a->a + (size_t)block * a->n * QK_LANES;
  const f32x16 dt_bias = load_f32(a->dt_bias + (size_t)block * QK_LANES);
  const f32x16 skip = load_f32(a->d + (size_t)block * QK_LANES);
  for (uint32_t row = rows.begin; row < rows.end; row++) {
    const size_t index = row - rows.begin;
    const f32x16 u = operand_load(&a->u, operand_row(&a->u, row), block);
    const f32x16 delta = softplus16(operand_load(&a->dt, operand_row(&a->dt, row), block) + dt_bias);
    f32x16 y = scan_token(a->n, uniform, delta, delta * u, decay, b.base + index * b.stride,
                          c.base + index * c.stride, h);
    y = fma16(skip, u, y);
    if (a->z.base)
      y = y * silu16(operand_load(&a->z, operand_row(&a->z, row), block));
    store_f32(operand_row(&a->out, row) + (size_t)block * 64, y);
  }
}

// A few rows of one segment over the blocks of one thread.
QK_INLINE void scan_chunk(const qk_scan *a, qk_range rows, qk_range blocks, float *state, float *scratch) {
  const size_t half = (size_t)qk_scan_chunk(a->n) * qk_blocks(a->n) * QK_LANES;
  const scan_rows b = scan_floats(&a->b, rows, a->n, scratch);
  const scan_rows c = scan_floats(&a->c, rows, a->n, scratch + half);
  for (uint32_t block = blocks.begin; block < blocks.end; block++) {
    const size_t first = (size_t)block * a->n * QK_LANES;
    if (scan_uniform(a->a + first, a->n))
      scan_block(a, rows, block, true, b, c, state + first);
    else
      scan_block(a, rows, block, false, b, c, state + first);
  }
}

static void scan(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_scan *a = &step->args.scan;
  const qk_range share = qk_share(a->blocks, thread, threads);
  const uint32_t chunk = qk_scan_chunk(a->n);
  if (share.begin == share.end)
    return;
  for (uint32_t segment = 0; segment < call->segments; segment++) {
    const uint32_t end = call->segment_start[segment + 1];
    float *state = (float *)(void *)(call->segment_state[segment] + a->state_offset);
    for (uint32_t row = call->segment_start[segment]; row < end; row += chunk) {
      const qk_range rows = {row, end - row < chunk ? end : row + chunk};
      scan_chunk(a, rows, share, state, (float *)(void *)step->scratch[thread]);
    }
  }
}
