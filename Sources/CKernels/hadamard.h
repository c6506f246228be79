// Block-diagonal Hadamard transform of rows.

// x * sign + sum: the product is exact, so one rounding with fma as without.
QK_INLINE f32x16 add_signed(f32x16 x, float sign, f32x16 sum) {
#if defined(QK_HAS_FMA)
  return fma16(x, splat(sign), sum);
#else
  return sum + x * sign;
#endif
}

// Lane l of the result is swapped[l] + v[l], or swapped[l] - v[l] where bit `stride` of l is set.
QK_INLINE f32x16 butterfly_with(f32x16 v, f32x16 swapped, int32_t stride) {
  const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const i32x16 flip = ((lane & stride) != 0) & (int32_t)0x80000000;
  return swapped + (f32x16)((i32x16)v ^ flip);
}

// Butterflies of stride 1, 2, 4 and 8 inside one vector.
QK_INLINE f32x16 butterflies(f32x16 v) {
  v = butterfly_with(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14),
                     1);
  v = butterfly_with(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13),
                     2);
  v = butterfly_with(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11),
                     4);
  return butterfly_with(
      v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7), 8);
}

// Two stages at once, of stride `s` and 2 * s vectors: the same additions with half of the memory traffic.
QK_INLINE void butterfly_stages(f32x16 *v, uint32_t count, uint32_t s) {
  for (uint32_t base = 0; base < count; base += 4 * s)
    for (uint32_t i = base; i < base + s; i++) {
      const f32x16 a = v[i], b = v[i + s], c = v[i + 2 * s], d = v[i + 3 * s];
      const f32x16 ab = a + b, a_b = a - b, cd = c + d, c_d = c - d;
      v[i] = ab + cd;
      v[i + s] = a_b + c_d;
      v[i + 2 * s] = ab - cd;
      v[i + 3 * s] = a_b - c_d;
    }
}

// All butterflies of `count` vectors of a row from vector `first` on. in: the row, v: [count].
QK_INLINE void transform_row(const qk_hadamard *a, const uint8_t *in, uint32_t first, uint32_t count,
                             f32x16 *v) {
  if (a->gain)
    for (uint32_t i = first; i < first + count; i++)
      v[i - first] = butterflies(load_f32(in + (size_t)i * 64) * load_f32(a->gain + (size_t)i * QK_LANES));
  else
    for (uint32_t i = first; i < first + count; i++)
      v[i - first] = butterflies(load_f32(in + (size_t)i * 64));
  uint32_t s = 1;
  for (; 4 * s <= count; s *= 4)
    butterfly_stages(v, count, s);
  if (2 * s <= count)
    for (uint32_t i = 0; i < s; i++) {
      const f32x16 a = v[i], b = v[i + s];
      v[i] = a + b;
      v[i + s] = a - b;
    }
}

QK_INLINE void hadamard_store(const qk_hadamard *a, uint8_t *out, uint32_t block, f32x16 v) {
  operand_store(&a->out, out, block, a->out.type == QK_F32 ? v * operand_factor(&a->out, block) : v);
}

// The order x order signs across rows of `count` vectors, four rows at a time (every order is a multiple of
// 4).
QK_INLINE void mix_rows(const qk_hadamard *a, const f32x16 *v, uint32_t count, uint32_t first, uint8_t *out) {
  const float *signs = qk_hadamard_signs_f32(a->order);
  for (uint32_t column = 0; column < count; column++)
    for (uint32_t i = 0; i < a->order; i += 4) {
      const float *s = signs + (size_t)i * a->order;
      f32x16 sum[4];
      for (uint32_t r = 0; r < 4; r++)
        sum[r] = v[column] * s[r * a->order];
      for (uint32_t j = 1; j < a->order; j++) {
        const f32x16 x = v[(size_t)j * count + column];
        for (uint32_t r = 0; r < 4; r++)
          sum[r] = add_signed(x, s[r * a->order + j], sum[r]);
      }
      for (uint32_t r = 0; r < 4; r++)
        hadamard_store(a, out, first + (i + r) * count + column, sum[r]);
    }
}

// One block whose rows are whole vectors; `first` is the index of its first vector in the row.
QK_INLINE void hadamard_block(const qk_hadamard *a, const uint8_t *in, uint8_t *out, uint32_t first,
                              f32x16 *v) {
  const uint32_t count = a->block / a->order / QK_LANES;
  for (uint32_t r = 0; r < a->order; r++)
    transform_row(a, in, first + r * count, count, v + (size_t)r * count);
  if (a->order > 1) {
    mix_rows(a, v, count, first, out);
    return;
  }
  for (uint32_t i = 0; i < count; i++)
    hadamard_store(a, out, first + i, v[i]);
}

// One block whose rows are shorter than a vector, value by value. gain: of this block, or NULL.
QK_INLINE void hadamard_small_block(const qk_hadamard *a, const float *in, const float *gain, float *out,
                                    float *v) {
  const uint32_t m = a->block / a->order;
  for (uint32_t i = 0; i < a->block; i++)
    v[i] = gain ? in[i] * gain[i] : in[i];
  for (uint32_t s = 1; s < m; s *= 2)
    for (uint32_t i = 0; i < a->block; i++)
      if ((i % m & s) == 0) {
        const float x = v[i], y = v[i + s];
        v[i] = x + y;
        v[i + s] = x - y;
      }
  if (a->order == 1) {
    memcpy(out, v, (size_t)a->block * sizeof(float));
    return;
  }
  const float *signs = qk_hadamard_signs_f32(a->order);
  for (uint32_t i = 0; i < a->order; i++)
    for (uint32_t column = 0; column < m; column++) {
      float sum = v[column] * signs[i * a->order];
      for (uint32_t j = 1; j < a->order; j++)
        sum = sum + v[j * m + column] * signs[i * a->order + j];
      out[i * m + column] = sum;
    }
}

// A row of such blocks. scratch: [padded width] results, then [block] values under way.
QK_INLINE void hadamard_small_row(const qk_hadamard *a, const uint8_t *in, uint8_t *out, float *scratch) {
  const uint32_t blocks = qk_blocks(a->width);
  memset(scratch + (size_t)(blocks - 1) * QK_LANES, 0, 64);
  for (uint32_t first = 0; first < a->width; first += a->block)
    hadamard_small_block(a, (const float *)(const void *)in + first, a->gain ? a->gain + first : NULL,
                         scratch + first, scratch + (size_t)blocks * QK_LANES);
  for (uint32_t block = 0; block < blocks; block++)
    hadamard_store(a, out, block, load_f32(scratch + (size_t)block * QK_LANES));
}

static void hadamard(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_hadamard *a = &step->args.hadamard;
  const uint32_t vectors = a->block / QK_LANES;
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++) {
    const uint8_t *in = operand_row(&a->in, row);
    uint8_t *out = operand_row(&a->out, row);
    void *scratch = step->scratch[thread];
    if (a->block / a->order < QK_LANES) {
      hadamard_small_row(a, in, out, scratch);
      continue;
    }
    for (uint32_t first = 0; first < a->width / QK_LANES; first += vectors)
      hadamard_block(a, in, out, first, scratch);
  }
}
