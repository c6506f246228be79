// Kernels that treat every row by itself: embed, norm, time_step, quantize, select.

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

// 1 / sqrt(mean(x^2) + epsilon) of `count` floats; their start need not be aligned.
QK_INLINE float norm_inverse(const uint8_t *src, uint32_t count, float epsilon) {
  const uint32_t full = count / QK_LANES, tail = count % QK_LANES;
  f32x16 partial = splat(0);
  for (uint32_t i = 0; i < full; i++) {
    const f32x16 x = load_f32(src + (size_t)i * 64);
    partial = fma16(x, x, partial);
  }
  if (tail) {
    uint8_t last[64] = {0};
    memcpy(last, src + (size_t)full * 64, tail * sizeof(float));
    const f32x16 x = load_f32(last);
    partial = fma16(x, x, partial);
  }
  return 1.0f / __builtin_elementwise_sqrt(sum_lanes(partial) / (float)count + epsilon);
}

// What the channels of a block are multiplied by. inverse: [groups], each of `length` channels.
QK_INLINE f32x16 norm_factor(const float *inverse, uint32_t groups, uint32_t length, uint32_t block) {
  const uint32_t first = block * QK_LANES;
  if (groups == 1 || length % QK_LANES == 0)
    return splat(inverse[groups == 1 ? 0 : first / length]);
  f32x16 factor = splat(0);
  for (uint32_t lane = 0; lane < QK_LANES; lane++)
    if ((first + lane) / length < groups)
      factor[lane] = inverse[(first + lane) / length];
  return factor;
}

static void norm(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_norm *a = &step->args.norm;
  const uint32_t blocks = qk_blocks(a->width);
  const uint32_t groups = a->groups > 1 ? a->groups : 1, length = a->width / groups;
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++) {
    const uint8_t *in = operand_row(&a->in, row);
    uint8_t *out = operand_row(&a->out, row);
    float inverse[QK_NORM_GROUPS];
    for (uint32_t group = 0; group < groups; group++)
      inverse[group] = norm_inverse(in + (size_t)group * length * sizeof(float), length, a->epsilon);
    for (uint32_t block = 0; block < blocks; block++) {
      const f32x16 gain = load_within((const uint8_t *)a->gain, block, a->width);
      const f32x16 factor = norm_factor(inverse, groups, length, block);
      operand_store(&a->out, out, block, load_within(in, block, a->width) * factor * gain);
    }
  }
}

static void time_step(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_time_step *a = &step->args.time_step;
  const uint32_t blocks = qk_blocks(a->width);
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++)
    for (uint32_t block = 0; block < blocks; block++) {
      const f32x16 bias = load_f32(a->bias + (size_t)block * QK_LANES);
      const f32x16 delta = softplus16(operand_load(&a->in, operand_row(&a->in, row), block) + bias);
      const f32x16 kept = min16(max16(delta, splat(a->minimum)), splat(a->maximum));
      const uint32_t left = a->width - block * QK_LANES;
      store_f32(operand_row(&a->out, row) + (size_t)block * 64,
                left < QK_LANES ? keep_lanes(kept, left) : kept);
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
