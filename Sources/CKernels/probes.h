// What the machine can do at most: kernels that only read, or only multiply and add in registers. The
// including file may say how many sums its registers hold, and what its int8 product is; this is plain C's.
#ifndef QK_PROBE_PRODUCT
#define QK_PROBE_SUM int32_t
#define QK_PROBE_REGISTER "r"
#define QK_PROBE_SUMS 8
#define QK_PROBE_FLOAT_SUMS 2
#define QK_PROBE_MACS 1
#define QK_PROBE_PRODUCT(sum, x, w) ((sum) + (x) * (w))
#endif

// Where one thread leaves what it computed, so that nothing is optimized away.
QK_INLINE uint8_t *probe_sink(const qk_probe *a, uint32_t thread) {
  return a->sink + (size_t)thread * 64;
}

// The blocks of 4 KiB of one thread.
QK_INLINE qk_range probe_share(const qk_probe *a, uint32_t thread, uint32_t threads) {
  return qk_share((uint32_t)(a->bytes / 4096), thread, threads);
}

// Writes into every page, from the thread that will read it.
static void probe_touch(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_probe *a = &step->args.probe;
  const qk_range share = probe_share(a, thread, threads);
  (void)call;
  for (uint32_t block = share.begin; block < share.end; block++)
    a->buffer[(size_t)block * 4096] = 1;
}

// Bytes between a load and its prefetch, which spares the caches.
#define QK_PROBE_AHEAD 4096

// Reads the buffer once, one ascending stream a thread. The prefetch may pass the buffer's end; it cannot
// fault.
static void probe_read(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_probe *a = &step->args.probe;
  const qk_range share = probe_share(a, thread, threads);
  const uint8_t *end = a->buffer + (size_t)share.end * 4096;
  i32x16 sum[4] = {splat_i32(0), splat_i32(0), splat_i32(0), splat_i32(0)};
  (void)call;
  for (const uint8_t *line = a->buffer + (size_t)share.begin * 4096; line < end; line += 256)
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < 4; i++) {
      __builtin_prefetch(line + (size_t)i * 64 + QK_PROBE_AHEAD, 0, 0);
      sum[i] ^= load_i32(line + (size_t)i * 64);
    }
  sum[0] ^= sum[1] ^ sum[2] ^ sum[3];
  memcpy(probe_sink(a, thread), &sum[0], sizeof sum[0]);
}

// Multiplies and adds int8 in registers, QK_PROBE_SUMS times a round.
static void probe_int8(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_probe *a = &step->args.probe;
  QK_PROBE_SUM x, w, sum[QK_PROBE_SUMS];
  (void)call;
  (void)threads;
  memset(&x, 1, sizeof x);
  memset(&w, 1, sizeof w);
  memset(sum, 0, sizeof sum);
  for (uint64_t round = 0; round < a->rounds; round++)
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < QK_PROBE_SUMS; i++) {
      __asm__ volatile("" : "+" QK_PROBE_REGISTER(w)); // else a product would be computed once for all sums
      sum[i] = QK_PROBE_PRODUCT(sum[i], x, w);
    }
  for (uint32_t i = 1; i < QK_PROBE_SUMS; i++)
    sum[0] += sum[i];
  memcpy(probe_sink(a, thread), &sum[0], sizeof sum[0]);
}

// Multiplies and adds float32 in registers, QK_PROBE_FLOAT_SUMS times 16 a round.
static void probe_float(const qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads) {
  const qk_probe *a = &step->args.probe;
  f32x16 sum[QK_PROBE_FLOAT_SUMS];
  float factor = 0.25f;
  (void)call;
  (void)threads;
  for (uint32_t i = 0; i < QK_PROBE_FLOAT_SUMS; i++)
    sum[i] = splat((float)i);
  __asm__("" : "+m"(factor)); // else the product would be known
  const f32x16 w = splat(factor);
  for (uint64_t round = 0; round < a->rounds; round++)
#pragma clang loop unroll(full)
    for (uint32_t i = 0; i < QK_PROBE_FLOAT_SUMS; i++)
      sum[i] = fma16(splat(0.5f), w, sum[i]); // grows to where it stays: neither infinite nor a denormal
  for (uint32_t i = 1; i < QK_PROBE_FLOAT_SUMS; i++)
    sum[0] += sum[i];
  memcpy(probe_sink(a, thread), &sum[0], sizeof sum[0]);
}
