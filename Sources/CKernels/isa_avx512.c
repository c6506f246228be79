// AVX-512 F, BW, DQ, VL and VNNI.
#if defined(__x86_64__)
#include <immintrin.h>
#include "internal.h"

#define QK_TABLE qk_table_avx512
#define QK_HAS_FMA
#define QK_HAS_F16C
#define QK_FLOAT_ROWS 8
#define QK_FLOAT_PANELS 2
#define QK_FLOAT_PANELS_ONE_ROW 8
#define QK_PROBE_SUM __m512i
#define QK_PROBE_REGISTER "v"
#define QK_PROBE_SUMS 12
#define QK_PROBE_FLOAT_SUMS 12
#define QK_PROBE_MACS 64
#define QK_PROBE_PRODUCT(sum, x, w) _mm512_dpbusd_epi32(sum, x, w)
#pragma clang attribute push(                                                                                \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                  \
    apply_to = function)
#include "kernels.h"
#include "linear_codes_avx512.h"
#pragma clang attribute pop
#endif
