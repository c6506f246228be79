// The 256-bit VNNI product in its EVEX form, so that it can be tested where AVX-VNNI is missing.
#include "ckernels_testing.h"
#if defined(__x86_64__)
#include <immintrin.h>
#include "internal.h"

#define QK_HAS_FMA
#define QK_HAS_F16C
#define QK_DPBUSD _mm256_dpbusd_epi32
#pragma clang attribute push(                                                                                \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))),                  \
    apply_to = function)
#include "lanes.h"
#include "linear.h"
#include "linear_codes_vnni256.h"
#pragma clang attribute pop

qk_kernel qk_testing_linear_vnni256(void) {
  return linear;
}
#else
qk_kernel qk_testing_linear_vnni256(void) {
  return NULL;
}
#endif
