// What the translation units of CKernels share. Nothing here depends on an instruction set.
#ifndef QK_INTERNAL_H
#define QK_INTERNAL_H

#include "ckernels.h"

// Kernels and vectorized helpers of one instruction set, compiled from the same sources.
typedef struct qk_isa_table {
  qk_kernel_table kernels;
  qk_probe_table probes;
  void (*widen)(const void *src, enum qk_type type, size_t count, float *dst);
  bool (*all_finite)(const void *src, enum qk_type type, size_t count);
  float (*max_abs)(const float *x, size_t count);
  void (*running_max_abs)(const float *x, size_t count, float *running);
  void (*histogram_abs)(const float *x, size_t count, uint64_t *counts);
  void (*pack_panel_i8)(const float *rows, size_t row_stride, uint32_t rows_valid, size_t k, size_t k4,
                        const float *inverse, int8_t *panel, int32_t *correction);
  void (*pack_panel_i4)(const int8_t *codes, size_t row_stride, uint32_t rows_valid, size_t k,
                        const uint8_t *factors, uint8_t *panel, int32_t *correction);
  void (*pack_panel)(const void *rows, size_t row_stride, uint32_t rows_valid, size_t k,
                     uint32_t element_bytes, void *panel);
  float (*code_error)(const float *x, size_t count, float inverse, float scale, float limit,
                      const float *importance);
  void (*quantize_row)(const float *x, size_t count, float inverse, float low, float high, int8_t *q);
  void (*take_channels)(const int8_t *codes, size_t stride, uint32_t rows, uint32_t width, uint32_t first,
                        uint32_t length, int8_t *channels, int8_t *panel, int64_t *sums);
  void (*gram_rows)(const qk_gram *a, uint32_t begin, uint32_t end);
  void (*subtract_products)(double *c, size_t c_stride, const double *a, size_t a_stride, const double *b,
                            size_t b_stride, size_t rows, size_t columns, size_t k);
  void (*round_columns)(const qk_rounding *a, uint32_t rows, size_t begin, size_t end);
  void (*hadamard_f64)(double *values, uint32_t block, uint32_t order, const int8_t *signs);
  void (*rotate)(float *values, size_t count, uint32_t block, uint32_t order, const int8_t *signs,
                 double factor, double *scratch);
  double (*exp)(double x);
  double (*log)(double x);
} qk_isa_table;

extern const qk_isa_table qk_table_scalar;
#if defined(__x86_64__)
extern const qk_isa_table qk_table_avx2;
extern const qk_isa_table qk_table_avxvnni;
extern const qk_isa_table qk_table_avx512;
#elif defined(__aarch64__)
extern const qk_isa_table qk_table_neon;
extern const qk_isa_table qk_table_neon_dot;
#endif

// qk_hadamard_signs widened to float, [order * order].
const float *qk_hadamard_signs_f32(uint32_t order);

// A half-open range of rows, panels or channel blocks.
typedef struct qk_range {
  uint32_t begin, end;
} qk_range;

// The share of one thread. The first threads get the remainder, so a single item belongs to thread 0.
static inline qk_range qk_share(uint32_t count, uint32_t thread, uint32_t threads) {
  const uint32_t each = count / threads, rest = count % threads;
  const uint32_t begin = each * thread + (thread < rest ? thread : rest);
  return (qk_range){begin, begin + each + (thread < rest)};
}

// Blocks of 16 elements that cover `width`.
static inline uint32_t qk_blocks(uint32_t width) {
  return width / QK_LANES + (width % QK_LANES != 0);
}

// Rows of B and C that a scan dequantizes at a time: as many as fit in 8 KiB each, at most 64, at least one.
static inline uint32_t qk_scan_chunk(uint32_t n) {
  const uint32_t fitting = 2048 / (qk_blocks(n) * QK_LANES);
  return fitting > 64 ? 64 : fitting > 0 ? fitting : 1;
}

// Heads that attention takes at a time.
#define QK_HEAD_TILE 4

// The scores of a tile of heads against every token that a sequence may have.
static inline size_t qk_attend_bytes(const qk_attend *a) {
  return (size_t)a->capacity * QK_HEAD_TILE * sizeof(float);
}

#endif
