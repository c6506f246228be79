// Plain C for any processor.
#include "internal.h"

#define QK_TABLE qk_table_scalar
#include "kernels.h"
#include "linear_codes_scalar.h"
