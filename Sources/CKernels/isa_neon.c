// 64-bit Arm with the dot-product extension. Fused multiply-add and conversions of halves are in the
// baseline.
#if defined(__aarch64__)
#include <arm_neon.h>
#include "internal.h"

#define QK_TABLE qk_table_neon
#define QK_HAS_FMA
#define QK_HAS_F16C
#define QK_FLOAT_ROWS 4
#define QK_FLOAT_PANELS 1
#define QK_FLOAT_PANELS_ONE_ROW 4
#define QK_PROBE_SUM int32x4_t
#define QK_PROBE_REGISTER "w"
#define QK_PROBE_SUMS 16
#define QK_PROBE_FLOAT_SUMS 6
#define QK_PROBE_MACS 16
#define QK_PROBE_PRODUCT(sum, x, w) vdotq_s32(sum, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w))
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "kernels.h"
#include "linear_codes_neon.h"
#pragma clang attribute pop
#endif
