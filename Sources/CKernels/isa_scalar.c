// Plain C for any processor.
#include "internal.h"

#define QK_TABLE qk_table_scalar
#if defined(__aarch64__) // in the baseline
#define QK_HAS_FMA
#define QK_HAS_F16C
#endif
#include "kernels.h"
#include "linear_codes_scalar.h"
