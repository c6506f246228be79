// Kernels that treat every row by itself: embed, norm, quantize, select.

QK_INLINE void embed_row(const qk_embed *a, uint32_t token, uint8_t *out) {
  const size_t bytes = type_bytes(a->type);
  const uint8_t *src = (const uint8_t *)a->table + (size_t)token * a->width * bytes;
  const f32x16 scale = splat(a->type == QK_I8 ? a->row_scale[token] : 1);
  const uint32_t full = a->width / QK_LANES, tail = a->width % QK_LANES;
  for (uint32_t block = 0; block < full; block++)
    store_f32(out + (size_t)block * 64, load_typed(src + block * QK_LANES * bytes, a->type) * scale);
  if (tail) {
    uint8_t last[64] = {0};
    memcpy(last, src + full * QK_LANES * bytes, tail * bytes);
    store_f32(out + (size_t)full * 64, keep_lanes(load_typed(last, a->type) * scale, tail));
  }
}

static void embed(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_embed *a = &step->args.embed;
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++)
    embed_row(a, call->tokens[row], operand_row(&a->out, row));
}

// Block `block` of a float row, with the lanes past `width` zero.
QK_INLINE f32x16 load_within(const uint8_t *row, uint32_t block, uint32_t width) {
  const f32x16 v = load_f32(row + (size_t)block * 64);
  const uint32_t left = width - block * QK_LANES;
  return left < QK_LANES ? keep_lanes(v, left) : v;
}

static void norm(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_norm *a = &step->args.norm;
  const uint32_t blocks = qk_blocks(a->width);
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++) {
    const uint8_t *in = operand_row(&a->in, row);
    uint8_t *out = operand_row(&a->out, row);
    f32x16 partial = splat(0);
    for (uint32_t block = 0; block < blocks; block++) {
      const f32x16 x = load_within(in, block, a->width);
      partial = fma16(x, x, partial);
    }
    const float mean = sum_lanes(partial) / (float)a->width;
    const float inverse = 1.0f / __builtin_elementwise_sqrt(mean + a->epsilon);
    for (uint32_t block = 0; block < blocks; block++) {
      const f32x16 gain = load_within((const uint8_t *)a->gain, block, a->width);
      operand_store(&a->out, out, block, load_within(in, block, a->width) * inverse * gain);
    }
  }
}

static void quantize(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_quantize *a = &step->args.quantize;
  const uint32_t blocks = qk_blocks(a->width);
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++) {
    const uint8_t *in = operand_row(&a->in, row);
    uint8_t *out = operand_row(&a->out, row);
    for (uint32_t block = 0; block < blocks; block++)
      operand_store(&a->out, out, block, load_within(in, block, a->width));
  }
}

static void select_rows(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_select *a = &step->args.select;
  const size_t bytes = (size_t)qk_blocks(a->width) * 64;
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++)
    memcpy(operand_row(&a->out, row), operand_row(&a->in, call->selected[row]), bytes);
}
