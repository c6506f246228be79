// 64-bit Arm without extensions.
#if defined(__aarch64__)
#include <arm_neon.h>
#include "internal.h"

// Adds to each of four sums the products of four bytes.
static inline int32x4_t dot_by_widening(int32x4_t sum, int8x16_t w, int8x16_t x) {
  const int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(x)), high = vmull_high_s8(w, x);
  return vaddq_s32(sum, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)));
}

#define QK_TABLE qk_table_neon
#define QK_DOT dot_by_widening
#define QK_TILE_ROWS 2
#include "isa_neon.h"
#include "kernels.h"
#include "linear_codes_neon.h"
#endif
