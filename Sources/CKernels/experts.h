// What surrounds the products of a gated MLP and of its experts: gate, routes, rows taken out and put back.

static void gate(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_gate *a = &step->args.gate;
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++) {
    const uint8_t *in = operand_row(&a->in, row), *z = operand_row(&a->z, row);
    for (uint32_t block = 0; block < qk_blocks(a->width); block++) {
      const f32x16 y = operand_load(&a->in, in, block) * silu16(operand_load(&a->z, z, block));
      operand_store(&a->out, operand_row(&a->out, row), block, y);
    }
  }
}

// Lanes of block `block` that lie within `width`; the others become `other`.
QK_INLINE f32x16 lanes_within(f32x16 v, uint32_t block, uint32_t width, float other) {
  const i32x16 lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return (lane + (int32_t)(block * QK_LANES) < (int32_t)width) ? v : splat(other);
}

QK_INLINE float max_lanes(f32x16 v) {
  float largest = v[0];
  for (uint32_t lane = 1; lane < QK_LANES; lane++)
    largest = v[lane] > largest ? v[lane] : largest;
  return largest;
}

#define QK_LEAST_FLOAT (-3.40282347e+38f)

// The largest of `width` floats; their last block may be read whole.
QK_INLINE float row_max(const float *x, uint32_t width) {
  f32x16 largest = splat(QK_LEAST_FLOAT);
  for (uint32_t block = 0; block < qk_blocks(width); block++)
    largest =
        max16(lanes_within(load_f32(x + (size_t)block * QK_LANES), block, width, QK_LEAST_FLOAT), largest);
  return max_lanes(largest);
}

// p = exp(x - largest), zero beyond `width`; returns their sum. `p` may be `x`.
QK_INLINE float exponentials(const float *x, float *p, uint32_t width) {
  const float largest = row_max(x, width);
  f32x16 partial = splat(0);
  for (uint32_t block = 0; block < qk_blocks(width); block++) {
    const f32x16 e = exp16(load_f32(x + (size_t)block * QK_LANES) - largest);
    const f32x16 kept = lanes_within(e, block, width, 0);
    store_f32(p + (size_t)block * QK_LANES, kept);
    partial = partial + kept;
  }
  return sum_lanes(partial);
}

QK_INLINE void route_row(const qk_route *a, const float *in, float *out) {
  float weights[256];
  const float sum = exponentials(in, weights, a->width);
  for (uint32_t block = 0; block < qk_blocks(a->width); block++) {
    store_f32(weights + block * QK_LANES, load_f32(weights + block * QK_LANES) / sum);
    store_f32(out + block * QK_LANES, splat(0));
  }
  for (uint32_t chosen = 0; chosen < a->count; chosen++) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < a->width; i++)
      best = weights[i] > weights[best] ? i : best;
    out[best] = weights[best];
    weights[best] = -1;
  }
}

static void route(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_route *a = &step->args.route;
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t row = rows.begin; row < rows.end; row++)
    route_row(a, (const float *)(const void *)operand_row(&a->in, row),
              (float *)(void *)operand_row(&a->out, row));
}

// The route of a row to an expert.
QK_INLINE float route_weight(const qk_operand *routes, uint32_t row, uint32_t expert) {
  return ((const float *)(const void *)operand_row(routes, row))[expert];
}

// Every thread walks all rows, since where one goes depends on those before it; thread 0 writes the set down.
static void dispatch_rows(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_dispatch *a = &step->args.dispatch;
  uint32_t count = 0;
  for (uint32_t row = 0; row < call->rows; row++) {
    if (!(route_weight(&a->routes, row, a->expert) > 0))
      continue;
    if (count % threads == thread)
      for (uint32_t block = 0; block < qk_blocks(a->width); block++)
        operand_store(&a->out, operand_row(&a->out, count), block,
                      load_within(operand_row(&a->in, row), block, a->width));
    if (thread == 0)
      a->set->list[count] = row;
    count++;
  }
  if (thread == 0)
    a->set->call.rows = count;
}

static void combine_rows(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_combine *a = &step->args.combine;
  const qk_range rows = qk_share(call->rows, thread, threads);
  for (uint32_t index = rows.begin; index < rows.end; index++) {
    const uint32_t row = a->set->list[index];
    const f32x16 weight = splat(route_weight(&a->routes, row, a->expert));
    uint8_t *out = operand_row(&a->out, row);
    for (uint32_t block = 0; block < qk_blocks(a->width); block++) {
      const f32x16 y = load_within(operand_row(&a->in, index), block, a->width);
      store_f32(out + (size_t)block * 64, fma16(weight, y, load_f32(out + (size_t)block * 64)));
    }
  }
}
