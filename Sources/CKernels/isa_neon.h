// What both forms of NEON have in common. Fused multiply-add and conversions of halves are in the baseline.
// The including file defines QK_DOT, which adds to each of four sums the products of four bytes, as `sdot`
// does.
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
#define QK_PROBE_PRODUCT(sum, x, w) QK_DOT(sum, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w))
