// Ways in for the tests of CKernels. No other code uses them.
#ifndef QK_CKERNELS_TESTING_H
#define QK_CKERNELS_TESTING_H

#include "ckernels.h"

// Makes the helpers of ckernels.h run the code of one supported instruction set; QK_ISA_COUNT: the best one
// again.
void qk_testing_force_helpers(enum qk_isa isa);

// The 256-bit VNNI product in its EVEX form, for processors that have AVX-512 but not AVX-VNNI. Needs
// QK_AVX512.
qk_kernel qk_testing_linear_vnni256(void);

#endif
