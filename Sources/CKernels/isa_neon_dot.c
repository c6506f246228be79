// 64-bit Arm with the dot-product extension.
#if defined(__aarch64__)
#include <arm_neon.h>
#include "internal.h"

#define QK_TABLE qk_table_neon_dot
#define QK_DOT vdotq_s32
#define QK_TILE_ROWS 4
#include "isa_neon.h"
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "kernels.h"
#include "linear_codes_neon.h"
#pragma clang attribute pop
#endif
