// Causal attention, token by token, over pages of keys and values. A thread keeps and reads the keys of its
// own heads, so that no thread waits for another within the step.

// Where one key head's keys and values lie in a page, and what their codes stand for.
typedef struct attend_head {
  uint32_t type;
  uint64_t keys, values; // bytes from the beginning of a page
  uint32_t row;          // bytes of one token's values
  uint32_t first;        // the head's first channel
} attend_head;

QK_INLINE attend_head attend_place(const qk_attend *a, uint32_t head) {
  const uint64_t bytes = type_bytes(a->k.type);
  const uint32_t row = qk_blocks(a->dim) * QK_LANES * (uint32_t)bytes;
  const uint64_t keys = (uint64_t)a->dim * QK_PAGE_TOKENS * bytes;
  return (attend_head){a->k.type, a->page_offset + head * keys,
                       a->page_offset + a->key_heads * keys + head * (uint64_t)row * QK_PAGE_TOKENS, row,
                       head * a->dim};
}

// The page of a token.
QK_INLINE uint8_t *attend_page(const qk_attend *a, uint8_t *cache, uint32_t token) {
  return cache + token / QK_PAGE_TOKENS * a->page_bytes;
}

// Keeps the keys and values of one token; what pads the values is zero from the beginning.
QK_INLINE void attend_keep(const qk_attend *a, attend_head head, uint8_t *cache, uint32_t token,
                           uint32_t row) {
  const size_t bytes = type_bytes(head.type);
  uint8_t *page = attend_page(a, cache, token);
  const uint32_t place = token % QK_PAGE_TOKENS;
  const uint8_t *k = operand_row(&a->k, row) + head.first * bytes;
  const uint8_t *v = operand_row(&a->v, row) + head.first * bytes;
  for (uint32_t d = 0; d < a->dim; d++)
    memcpy(page + head.keys + ((size_t)d * QK_PAGE_TOKENS + place) * bytes, k + d * bytes, bytes);
  memcpy(page + head.values + (size_t)place * head.row, v, a->dim * bytes);
}

// The scale of one channel of codes, 1 for floats.
QK_INLINE float attend_scale(const qk_operand *operand, uint32_t channel) {
  return operand->type == QK_F32 ? 1 : operand->factor[operand->per_channel ? channel : 0];
}

// Scores of `heads` heads against tokens 0 ..< count. q: [heads][256]; scores: [heads][capacity].
QK_INLINE void attend_scores(const qk_attend *a, attend_head head, uint8_t *cache, uint32_t count,
                             float (*q)[256], float *scores, const uint32_t heads, const uint32_t type) {
  const size_t bytes = type_bytes(type);
  for (uint32_t token = 0; token < count; token += QK_LANES) {
    const uint8_t *keys = attend_page(a, cache, token) + head.keys + (token % QK_PAGE_TOKENS) * bytes;
    f32x16 sum[QK_HEAD_TILE];
    for (uint32_t h = 0; h < heads; h++)
      sum[h] = splat(0);
    for (uint32_t d = 0; d < a->dim; d++) {
      const f32x16 k = load_typed(keys + (size_t)d * QK_PAGE_TOKENS * bytes, type);
      for (uint32_t h = 0; h < heads; h++)
        sum[h] = fma16(splat(q[h][d]), k, sum[h]);
    }
    for (uint32_t h = 0; h < heads; h++)
      store_f32(scores + (size_t)h * a->capacity + token, sum[h]);
  }
}

// The first `count` of 16 floats.
QK_INLINE void store_some(float *dst, f32x16 v, uint32_t count) {
  memcpy(dst, &v, count * sizeof(float));
}

// Sums of values weighted by p, for 16 channels from `block` on. out: row of the first head.
QK_INLINE void attend_values(const qk_attend *a, attend_head head, uint8_t *cache, uint32_t count,
                             const float *p, const float *inverse, uint32_t block, float *out,
                             const uint32_t heads, const uint32_t type) {
  const size_t column = (size_t)block * QK_LANES * type_bytes(type);
  const uint32_t left = a->dim - block * QK_LANES, width = left < QK_LANES ? left : QK_LANES;
  f32x16 sum[QK_HEAD_TILE], scale = splat(0);
  for (uint32_t h = 0; h < heads; h++)
    sum[h] = splat(0);
  for (uint32_t token = 0; token < count; token++) {
    const uint8_t *values = attend_page(a, cache, token) + head.values;
    const f32x16 v = load_typed(values + (size_t)(token % QK_PAGE_TOKENS) * head.row + column, type);
    for (uint32_t h = 0; h < heads; h++)
      sum[h] = fma16(splat(p[(size_t)h * a->capacity + token]), v, sum[h]);
  }
  for (uint32_t i = 0; i < width; i++)
    scale[i] = attend_scale(&a->v, head.first + block * QK_LANES + i);
  for (uint32_t h = 0; h < heads; h++)
    store_some(out + (size_t)h * a->dim + block * QK_LANES, sum[h] * inverse[h] * scale, width);
}

// A few heads, from `first` on, of one row against tokens 0 ..< count.
QK_INLINE void attend_tile(const qk_attend *a, attend_head head, uint8_t *cache, uint32_t row, uint32_t count,
                           uint32_t first, float *scores, const uint32_t heads, const uint32_t type) {
  float q[QK_HEAD_TILE][256], inverse[QK_HEAD_TILE];
  const float *in = (const float *)(const void *)operand_row(&a->q, row) + (size_t)first * a->dim;
  for (uint32_t h = 0; h < heads; h++)
    for (uint32_t d = 0; d < a->dim; d++)
      q[h][d] = in[(size_t)h * a->dim + d] * a->scale * attend_scale(&a->k, head.first + d);
  attend_scores(a, head, cache, count, q, scores, heads, type);
  for (uint32_t h = 0; h < heads; h++) {
    float *p = scores + (size_t)h * a->capacity;
    inverse[h] = 1.0f / exponentials(p, p, count);
  }
  float *out = (float *)(void *)operand_row(&a->out, row) + (size_t)first * a->dim;
  for (uint32_t block = 0; block < qk_blocks(a->dim); block++)
    attend_values(a, head, cache, count, scores, inverse, block, out, heads, type);
}

// All heads that share one key head.
QK_INLINE void attend_row(const qk_attend *a, uint32_t key_head, uint8_t *cache, uint32_t row, uint32_t count,
                          float *scores, const uint32_t type) {
  const attend_head head = attend_place(a, key_head);
  const uint32_t sharing = a->heads / a->key_heads;
  uint32_t next = 0;
  for (; next + QK_HEAD_TILE <= sharing; next += QK_HEAD_TILE)
    attend_tile(a, head, cache, row, count, key_head * sharing + next, scores, QK_HEAD_TILE, type);
  for (; next < sharing; next++)
    attend_tile(a, head, cache, row, count, key_head * sharing + next, scores, 1, type);
}

static void attend(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_attend *a = &step->args.attend;
  const qk_range share = qk_share(a->key_heads, thread, threads);
  const uint32_t width = a->heads * a->dim, padding = qk_blocks(width) * QK_LANES - width;
  float *scores = (float *)(void *)step->scratch[thread];
  for (uint32_t segment = 0; segment < call->segments; segment++) {
    const uint32_t first = call->segment_start[segment], end = call->segment_start[segment + 1];
    uint8_t *cache = call->segment_cache[segment];
    for (uint32_t head = share.begin; head < share.end; head++)
      for (uint32_t row = first; row < end; row++) {
        const uint32_t token = call->segment_position[segment] + (row - first);
        attend_keep(a, attend_place(a, head), cache, token, row);
        if (a->k.type == QK_F32)
          attend_row(a, head, cache, row, token + 1, scores, QK_F32);
        else
          attend_row(a, head, cache, row, token + 1, scores, QK_I8);
      }
    for (uint32_t row = first; thread == 0 && row < end; row++)
      memset((float *)(void *)operand_row(&a->out, row) + width, 0, padding * sizeof(float));
  }
}
