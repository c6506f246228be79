// AVX2 with 256-bit VNNI in its VEX form.
#if defined(__x86_64__)
#include <immintrin.h>
#include "internal.h"

#define QK_TABLE qk_table_avxvnni
#define QK_HAS_FMA
#define QK_HAS_F16C
#define QK_FLOAT_ROWS 6
#define QK_FLOAT_PANELS 1
#define QK_FLOAT_PANELS_ONE_ROW 4
#define QK_DPBUSD _mm256_dpbusd_avx_epi32
#define QK_PROBE_SUM __m256i
#define QK_PROBE_REGISTER "x"
#define QK_PROBE_SUMS 12
#define QK_PROBE_FLOAT_SUMS 6
#define QK_PROBE_MACS 32
#define QK_PROBE_PRODUCT(sum, x, w) QK_DPBUSD(sum, x, w)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)
#include "kernels.h"
#include "linear_codes_vnni256.h"
#pragma clang attribute pop
#endif
