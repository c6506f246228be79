// AVX2 with FMA and F16C.
#if defined(__x86_64__)
#include <immintrin.h>
#include "internal.h"

#define QK_TABLE qk_table_avx2
#define QK_HAS_FMA
#define QK_HAS_F16C
#define QK_FLOAT_ROWS 6
#define QK_FLOAT_PANELS 1
#define QK_FLOAT_PANELS_ONE_ROW 4
#define QK_PROBE_SUM __m256i
#define QK_PROBE_REGISTER "x"
#define QK_PROBE_SUMS 12
#define QK_PROBE_FLOAT_SUMS 6
#define QK_PROBE_MACS 16
#define QK_PROBE_PRODUCT(sum, x, w) _mm256_add_epi32(sum, _mm256_madd_epi16(x, w))
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "kernels.h"
#include "linear_codes_avx2.h"
#pragma clang attribute pop
#endif
