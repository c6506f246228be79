// Causal depthwise convolution with SiLU.

// Input row `index` of a segment, or the stored history where it is negative.
QK_INLINE const uint8_t *conv_source(const qk_conv *a, const uint8_t *history, uint32_t first_row,
                                     int64_t index) {
  if (index >= 0)
    return operand_row(&a->in, first_row + (uint32_t)index);
  const size_t bytes = (size_t)a->blocks * QK_LANES * type_bytes(a->in.type);
  return history + (size_t)(index + (int64_t)a->taps - 1) * bytes;
}

QK_INLINE void conv_row(const qk_conv *a, const uint8_t *history, uint32_t first_row, uint32_t index,
                        qk_range blocks, uint32_t taps) {
  const uint8_t *source[8];
  const uint32_t row = first_row + index;
  for (uint32_t tap = 0; tap < taps && tap < 8; tap++)
    source[tap] = conv_source(a, history, first_row, (int64_t)index + tap - (taps - 1));
  for (uint32_t block = blocks.begin; block < blocks.end; block++) {
    f32x16 sum = a->bias ? load_f32(a->bias + (size_t)block * QK_LANES) : splat(0);
    for (uint32_t tap = 0; tap < taps; tap++) {
      const uint8_t *src =
          tap < 8 ? source[tap] : conv_source(a, history, first_row, (int64_t)index + tap - (taps - 1));
      const f32x16 weight = load_f32(a->weights + ((size_t)tap * a->blocks + block) * QK_LANES);
      sum = fma16(weight, operand_load(&a->in, src, block), sum);
    }
    const f32x16 u = silu16(sum);
    operand_store(&a->out0, operand_row(&a->out0, row), block, u);
    if (a->out1.base)
      operand_store(&a->out1, operand_row(&a->out1, row), block, u);
  }
}

// Shifts the history of these blocks: row i becomes what followed it by `length` tokens.
QK_INLINE void conv_shift(const qk_conv *a, uint8_t *history, uint32_t first_row, uint32_t length,
                          qk_range blocks) {
  const size_t bytes = QK_LANES * type_bytes(a->in.type);
  for (uint32_t i = 0; i + 1 < a->taps; i++) {
    const uint8_t *src = conv_source(a, history, first_row, (int64_t)length + i - (a->taps - 1));
    uint8_t *dst = history + (size_t)i * a->blocks * bytes;
    memcpy(dst + blocks.begin * bytes, src + blocks.begin * bytes, (blocks.end - blocks.begin) * bytes);
  }
}

// Blocks whose weights stay in the first-level cache while the rows pass.
#define QK_CONV_TILE 16

static void conv(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_conv *a = &step->args.conv;
  const qk_range share = qk_share(a->blocks, thread, threads);
  for (uint32_t segment = 0; segment < call->segments; segment++) {
    const uint32_t first = call->segment_start[segment];
    const uint32_t length = call->segment_start[segment + 1] - first;
    uint8_t *history = call->segment_state[segment] + a->state_offset;
    for (uint32_t begin = share.begin; begin < share.end; begin += QK_CONV_TILE) {
      const uint32_t left = share.end - begin;
      const qk_range tile = {begin, begin + (left < QK_CONV_TILE ? left : QK_CONV_TILE)};
      for (uint32_t i = 0; i < length; i++)
        if (a->taps == 4)
          conv_row(a, history, first, i, tile, 4);
        else
          conv_row(a, history, first, i, tile, a->taps);
      conv_shift(a, history, first, length, tile);
    }
  }
}
