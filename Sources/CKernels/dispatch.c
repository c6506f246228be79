// Chooses the code for this processor.
#include <pthread.h>
#include <stdatomic.h>
#include "internal.h"
#include "ckernels_testing.h"

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_states(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static bool has(uint32_t value, uint32_t bits) {
  return (value & bits) == bits;
}

static bool detect(enum qk_isa isa) {
  uint32_t a, b, c, d, a1 = 0, b1, c1, d1, one;
  if (isa == QK_SCALAR)
    return true;
  if (isa == QK_NEON || !__get_cpuid(1, &a, &b, &one, &d) ||
      !has(one, bit_FMA | bit_F16C | bit_OSXSAVE | bit_AVX))
    return false;
  if (!has((uint32_t)enabled_states(), 0x6) || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || !has(b, bit_AVX2))
    return false;
  if (isa == QK_AVX2)
    return true;
  if (isa == QK_AVXVNNI)
    return a >= 1 && __get_cpuid_count(7, 1, &a1, &b1, &c1, &d1) && has(a1, 1u << 4);
  return has((uint32_t)enabled_states(), 0xe6) &&
         has(b, bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL) && has(c, bit_AVX512VNNI);
}

static const qk_isa_table *const tables[QK_ISA_COUNT] = {&qk_table_scalar, &qk_table_avx2, &qk_table_avxvnni,
                                                         &qk_table_avx512, NULL};
#elif defined(__aarch64__)
#include <sys/auxv.h>

static const qk_isa_table *tables[QK_ISA_COUNT] = {&qk_table_scalar, NULL, NULL, NULL, &qk_table_neon};

// NEON is there always; its dot products are taken where they are.
static bool detect(enum qk_isa isa) {
  const unsigned long dot_products = 1ul << 20;
  if (isa == QK_NEON && (getauxval(AT_HWCAP) & dot_products) != 0)
    tables[isa] = &qk_table_neon_dot;
  return isa == QK_SCALAR || isa == QK_NEON;
}
#else
static bool detect(enum qk_isa isa) {
  return isa == QK_SCALAR;
}

static const qk_isa_table *const tables[QK_ISA_COUNT] = {&qk_table_scalar, NULL, NULL, NULL, NULL};
#endif

static bool supported[QK_ISA_COUNT];
static enum qk_isa best;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void detect_all(void) {
  for (int isa = 0; isa < QK_ISA_COUNT; isa++) {
    supported[isa] = tables[isa] && detect((enum qk_isa)isa);
    if (supported[isa])
      best = (enum qk_isa)isa;
  }
}

bool qk_isa_supported(enum qk_isa isa) {
  pthread_once(&once, detect_all);
  return (unsigned)isa < QK_ISA_COUNT && supported[isa];
}

enum qk_isa qk_isa_best(void) {
  pthread_once(&once, detect_all);
  return best;
}

const qk_kernel_table *qk_kernels(enum qk_isa isa) {
  return qk_isa_supported(isa) ? &tables[isa]->kernels : NULL;
}

const qk_probe_table *qk_probes(enum qk_isa isa) {
  return qk_isa_supported(isa) ? &tables[isa]->probes : NULL;
}

static bool is_kernel(qk_kernel kernel, size_t offset) {
  for (int isa = 0; isa < QK_ISA_COUNT; isa++)
    if (tables[isa] &&
        *(const qk_kernel *)(const void *)((const char *)&tables[isa]->kernels + offset) == kernel)
      return true;
  return false;
}

// B and C of a chunk of rows as floats, then those of one row for each channel of a block.
static size_t head_scan_bytes(const qk_head_scan *a) {
  const size_t row = (size_t)qk_blocks(a->groups * a->n) * 64;
  return qk_scan_chunk(a->n) * row * 2 + (size_t)a->n * 64 * 2;
}

// A number for each group of inputs of every row, two where rows are of 16 bits.
static size_t linear_bytes(const qk_linear *a, uint32_t rows) {
  const size_t groups = (a->k + QK_GROUP - 1) / QK_GROUP;
  return a->weight_type == QK_I4 ? rows * groups * (a->in.type == QK_I16 ? 8 : 4) : 0;
}

size_t qk_scratch_bytes(const qk_step *step, uint32_t row_capacity) {
  if (is_kernel(step->kernel, offsetof(qk_kernel_table, linear)))
    return linear_bytes(&step->args.linear, row_capacity);
  if (is_kernel(step->kernel, offsetof(qk_kernel_table, scan)))
    return (size_t)qk_scan_chunk(step->args.scan.n) * qk_blocks(step->args.scan.n) * 2 * 64;
  if (is_kernel(step->kernel, offsetof(qk_kernel_table, head_scan)))
    return head_scan_bytes(&step->args.head_scan);
  if (is_kernel(step->kernel, offsetof(qk_kernel_table, attend)))
    return qk_attend_bytes(&step->args.attend);
  if (!is_kernel(step->kernel, offsetof(qk_kernel_table, hadamard)))
    return 0;
  const qk_hadamard *a = &step->args.hadamard;
  const size_t under_way = (size_t)qk_blocks(a->block) * 64;
  return a->block / a->order < QK_LANES ? (size_t)qk_blocks(a->width) * 64 + under_way : under_way;
}

// ---- helpers of the best instruction set ----------------------------------------------------------------

static _Atomic(enum qk_isa) forced = QK_ISA_COUNT;

void qk_testing_force_helpers(enum qk_isa isa) {
  atomic_store(&forced, isa);
}

static const qk_isa_table *helpers(void) {
  const enum qk_isa isa = atomic_load_explicit(&forced, memory_order_relaxed);
  return tables[isa == QK_ISA_COUNT ? qk_isa_best() : isa];
}

double qk_exp(double x) {
  return helpers()->exp(x);
}

double qk_log(double x) {
  return helpers()->log(x);
}

void qk_hadamard_f64(double *block_values, uint32_t block, uint32_t order) {
  helpers()->hadamard_f64(block_values, block, order, qk_hadamard_signs(order));
}

void qk_rotate(float *values, size_t count, uint32_t block, uint32_t order, double factor, double *scratch) {
  helpers()->rotate(values, count, block, order, qk_hadamard_signs(order), factor, scratch);
}

void qk_widen(const void *src, enum qk_type type, size_t count, float *dst) {
  helpers()->widen(src, type, count, dst);
}

bool qk_all_finite(const void *src, enum qk_type type, size_t count) {
  return helpers()->all_finite(src, type, count);
}

float qk_max_abs(const float *x, size_t count) {
  return helpers()->max_abs(x, count);
}

float qk_code_error(const float *x, size_t count, float inverse, float scale, float limit,
                    const float *importance) {
  return helpers()->code_error(x, count, inverse, scale, limit, importance);
}

void qk_running_max_abs(const float *x, size_t count, float *running) {
  helpers()->running_max_abs(x, count, running);
}

void qk_histogram_abs(const float *x, size_t count, uint64_t *counts) {
  helpers()->histogram_abs(x, count, counts);
}

void qk_pack_panel_i8(const float *rows, size_t row_stride, uint32_t rows_valid, size_t k, size_t k4,
                      const float *inverse, int8_t *panel, int32_t *correction) {
  helpers()->pack_panel_i8(rows, row_stride, rows_valid, k, k4, inverse, panel, correction);
}

void qk_pack_panel_i4(const int8_t *codes, size_t row_stride, uint32_t rows_valid, size_t k,
                      const uint8_t *factors, uint8_t *panel, int32_t *correction) {
  helpers()->pack_panel_i4(codes, row_stride, rows_valid, k, factors, panel, correction);
}

void qk_pack_panel(const void *rows, size_t row_stride, uint32_t rows_valid, size_t k, uint32_t element_bytes,
                   void *panel) {
  helpers()->pack_panel(rows, row_stride, rows_valid, k, element_bytes, panel);
}

void qk_quantize_row(const float *x, size_t count, float inverse, float low, float high, int8_t *q) {
  helpers()->quantize_row(x, count, inverse, low, high, q);
}

void qk_take_channels(const int8_t *codes, size_t stride, uint32_t rows, uint32_t width, uint32_t first,
                      uint32_t length, int8_t *channels, int8_t *panel, int64_t *sums) {
  helpers()->take_channels(codes, stride, rows, width, first, length, channels, panel, sums);
}

void qk_gram_i8(const qk_gram *a, uint32_t begin, uint32_t end) {
  helpers()->gram_rows(a, begin, end);
}

void qk_subtract_products(double *c, size_t c_stride, const double *a, size_t a_stride, const double *b,
                          size_t b_stride, size_t rows, size_t columns, size_t k) {
  helpers()->subtract_products(c, c_stride, a, a_stride, b, b_stride, rows, columns, k);
}

void qk_round_columns(const qk_rounding *a, uint32_t rows, size_t begin, size_t end) {
  helpers()->round_columns(a, rows, begin, end);
}
