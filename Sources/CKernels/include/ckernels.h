// The kernels of the plan interpreter, and the few numeric helpers that the compiler shares with it.
//
// Every kernel gives the same bits on every instruction set, for any number of threads and any grouping of
// rows; docs/numerics.md states the order of operations. Activation rows are padded to 16 elements, and the
// padding of every buffer that a kernel writes is zero.
#ifndef QK_CKERNELS_H
#define QK_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Element types. The same codes stand in plan files.
enum qk_type { QK_F32 = 0, QK_BF16 = 1, QK_F16 = 2, QK_I8 = 3, QK_I32 = 4, QK_I16 = 5, QK_I4 = 6 };

// Channels, panels and lanes come in blocks of this many.
#define QK_LANES 16

// Inputs of an i4 weight that have one factor; the last group of a row may be shorter.
#define QK_GROUP 128

// ---- operands -------------------------------------------------------------------------------------------

// The rows of one activation: row r starts at base + r * stride and holds f32, i8 or i16 elements.
//
// An i16 row is two rows of i8: q = 256 * high + low, first all `high`, then, `plane` bytes on, all `low`.
typedef struct qk_operand {
  uint8_t *base;   // NULL: operand absent (only where a kernel says it may be)
  uint64_t stride; // bytes from row to row, a multiple of 64
  // Codes read: scale (value = q * scale). Codes written: inverse. Hadamard f32 written: factor.
  const float *factor;
  uint32_t per_channel; // 0: factor[0] for all channels; 1: factor[channel], padded to 16 channels
  uint32_t type;        // QK_F32 or QK_I8; QK_I16 only where a kernel says so
  uint32_t plane;       // i16: bytes of one plane, the width padded to 16
} qk_operand;

// What varies from call to call.
typedef struct qk_call {
  uint32_t rows;                    // rows of this program: tokens for the body, chosen rows for the head
  uint32_t segments;                // sequences; rows of a segment are contiguous and ascending
  const uint32_t *segment_start;    // [segments + 1] first row of each segment, then `rows`
  uint8_t *const *segment_state;    // [segments] base of each sequence's state slot
  const uint32_t *tokens;           // [rows] token ids (body)
  const uint32_t *selected;         // [rows] body row of each chosen row (head)
  const uint32_t *segment_position; // [segments] tokens that the sequence had before this call
  uint8_t *const *segment_cache;    // [segments] pages of each sequence's keys and values
} qk_call;

// The rows of a call that take part in the steps of one expert, filled in by `dispatch`.
typedef struct qk_row_set {
  qk_call call;   // rows: how many; they lie one after the other in the buffers of the set
  uint32_t *list; // [row capacity] the call's row of each
} qk_row_set;

// ---- kernel arguments -----------------------------------------------------------------------------------

// out[row] = table[token]; i8 tables carry one scale a row.
typedef struct qk_embed {
  const void *table;      // [vocabulary, width] row-major, unpadded
  const float *row_scale; // [vocabulary], i8 tables only
  uint32_t type;          // QK_F32, QK_BF16, QK_F16, QK_I8
  uint32_t width;
  qk_operand out; // f32
} qk_embed;

// Groups of one norm at most.
#define QK_NORM_GROUPS 1024

// y = (x * (1 / sqrt(mean(x^2) + epsilon))) * gain. The squares are summed by fma into 16 partial sums; the
// mean divides by their number. With groups every equal part of the row has a mean of its own. `in` and `out`
// may be the same f32 rows.
typedef struct qk_norm {
  qk_operand in;     // f32
  const float *gain; // [width padded to 16]
  float epsilon;
  uint32_t width;
  uint32_t groups; // divides width; 0 counts as 1
  qk_operand out;  // f32, i8 or i16
} qk_norm;

// out = min(max(softplus(in + bias), minimum), maximum).
typedef struct qk_time_step {
  qk_operand in;     // f32 or i8
  const float *bias; // [width padded to 16]
  float minimum, maximum;
  uint32_t width;
  qk_operand out; // f32
} qk_time_step;

// One tensor produced by a linear layer.
typedef struct qk_linear_part {
  // Panels. i8: [panels][k/4][16][4]. Float types: [panels][k][16]. i4: [panels][k/8][16][4] bytes, of which
  // byte j of block b holds input 8b + j in its low and 8b + 4 + j in its high nibble, in two's complement.
  const void *weights;
  const int32_t *correction; // [panels * 16] codes by codes: -128 * the row's sum of q, of i4 of factor * q
  const float *multiplier;   // [panels * 16] i8 and i4 weights
  const float *bias;         // [panels * 16] or NULL (nothing is added); never NULL with i8 and i4 weights
  const uint8_t *factors;    // [panels][k/128 rounded up][16], 1 ... 63; i4 weights only, else NULL
  uint32_t panels;
  uint32_t accumulate; // f32 only: out += y
  qk_operand out;      // f32, or i8 (y is already in units of the output scale; factor unused)
} qk_linear_part;

// Several products of one input. i8 input: acc exact in int32, y = fma(acc, multiplier, bias). i16 input:
// both planes' sums exact in int32, y = fma(fma(high, 256, low), multiplier, bias). f32 input: from +0, fma
// in order of k; float weights: y = acc + bias; i8 weights: y = fma(acc, multiplier, bias). A weight of i4
// counts as its factor times its code.
typedef struct qk_linear {
  qk_operand in; // f32, i8 or i16
  const qk_linear_part *parts;
  uint32_t part_count;
  uint32_t k;           // inputs; for i8 weights a multiple of 4, for i4 weights one of 8 and at most 32768
  uint32_t weight_type; // QK_F32, QK_BF16, QK_F16 (f32 input), QK_I8 (any input), QK_I4 (i8 or i16 input)
} qk_linear;

// u = SiLU(conv(x)): causal, depthwise; bias, then taps from oldest to newest by fma. x is dequantized first.
// `in` overlaps no output: its rows are read again for later tokens and for the state.
// State: [taps - 1][blocks * 16] elements of the input's type, oldest first, at segment_state + state_offset.
typedef struct qk_conv {
  qk_operand in;        // f32 or i8
  const float *weights; // [taps][blocks * 16], oldest tap first
  const float *bias;    // [blocks * 16] or NULL (zero)
  uint32_t taps;
  uint32_t blocks;
  uint64_t state_offset;
  qk_operand out0; // f32, i8 or i16
  qk_operand out1; // f32, i8 or i16, or absent
} qk_conv;

// Selective scan. delta = softplus(dt + dt_bias); h = fma(exp(delta * A), h, (delta * u) * B);
// y = fma over n in order from +0 of C[n] * h[n]; y = fma(D, u, y); y = y * SiLU(z) where z is present.
// exp(x) is clamped to x in [-87.3, 88.7]. State: [blocks][n][16] at segment_state + state_offset; one
// narrower than f32 is rounded after every token, and y reads h before that. f16: clamped to +-65504; i8: as
// quantize.
typedef struct qk_scan {
  qk_operand u, dt, z;  // f32 or i8, [channels]; z may be absent
  qk_operand b, c;      // f32 or i8, [n]
  const float *a;       // [blocks][n][16]
  const float *d;       // [blocks * 16]
  const float *dt_bias; // [blocks * 16]
  uint32_t n;
  uint32_t blocks;
  uint64_t state_offset;
  uint32_t state_type;        // QK_F32, QK_F16 or QK_I8
  const float *state_scale;   // [blocks * 16], i8 only
  const float *state_inverse; // [blocks * 16], i8 only
  qk_operand out;             // f32
  qk_operand peak;            // f32: largest |h| of each channel as stored after the token; or absent
} qk_scan;

// Selective scan of heads. The channels of a head have one delta, A and D; the heads of a group have B and C
// in common. Otherwise as qk_scan: h = fma(exp(delta * A), h, (delta * u) * B); y = fma over n in order from
// +0 of C[n] * h[n]; y = fma(D, u, y); y = y * SiLU(z) where z is present.
typedef struct qk_head_scan {
  qk_operand u, z;  // f32 or i8, [channels]; z may be absent
  qk_operand delta; // f32, [heads]
  qk_operand b, c;  // f32 or i8, [groups][n]
  const float *a;   // [heads padded to 16]
  const float *d;   // [heads padded to 16]
  uint32_t n;
  uint32_t groups;     // divides heads
  uint32_t heads;      // divides channels
  uint32_t head_width; // channels of a head
  uint32_t blocks;     // of 16 channels
  uint64_t state_offset;
  uint32_t state_type;        // QK_F32, QK_F16 or QK_I8
  const float *state_scale;   // [blocks * 16], i8 only
  const float *state_inverse; // [blocks * 16], i8 only
  qk_operand out;             // f32
  qk_operand peak;            // f32: largest |h| of each channel as stored after the token; or absent
} qk_head_scan;

// Block-diagonal Hadamard transform, unnormalized, then * factor (f32) or quantized with factor as inverse
// (codes). With a gain the input is x * gain. A block is (order, block / order) row-major: butterflies of
// stride 1, 2, 4, ... inside each row, then the order x order signs across rows as additions in index order.
typedef struct qk_hadamard {
  qk_operand in;     // f32
  const float *gain; // [width padded to 16] or NULL
  qk_operand out;    // f32, i8 or i16; `in` and `out` never overlap
  uint32_t width;    // a multiple of block
  uint32_t block;    // order * 2^m
  uint32_t order;    // 1, 12, 20, 28, 36, 44 or 60
} qk_hadamard;

// q = round_half_even(clamp(x * inverse, -128, 127)); of i16 the bounds are -32639 and 32639.
typedef struct qk_quantize {
  qk_operand in;  // f32
  qk_operand out; // i8 or i16
  uint32_t width;
} qk_quantize;

// out[i] = in[selected[i]], whole rows.
typedef struct qk_select {
  qk_operand in;  // f32, rows of the body
  qk_operand out; // f32, rows of the head
  uint32_t width;
} qk_select;

// y = x * SiLU(z). `out` overlaps neither input.
typedef struct qk_gate {
  qk_operand in, z; // f32
  qk_operand out;   // f32
  uint32_t width;
} qk_gate;

// Tokens in one page of keys and values.
#define QK_PAGE_TOKENS 64

// Causal attention over all tokens of a sequence so far; `heads / key_heads` heads share keys and values.
// With p = exp(s - max s) and s = sum over d of ((q * scale) * key scale)[d] * k[d], by fma from +0 in order
// of d: y[d] = (sum of p * v[d] by fma from +0 in order of the keys) * (1 / sum of p) * value scale. The sum
// of p is that of 16 partial sums, key i in partial i mod 16, by the tree. Scales are those of codes, else
// left out. Keys and values are kept as they come, in pages of 64 tokens: of each key head [dim][64] keys,
// then of each key head [64][dim padded to 16] values.
typedef struct qk_attend {
  qk_operand q;                   // f32 [heads * dim]
  qk_operand k, v;                // f32 or i8, of one type [key_heads * dim]
  qk_operand out;                 // f32 [heads * dim]
  uint32_t heads, key_heads, dim; // dim: at most 256
  float scale;
  uint32_t capacity;    // tokens of a sequence at most, a multiple of 64
  uint64_t page_bytes;  // from page to page
  uint64_t page_offset; // where this step's part of a page begins
} qk_attend;

// w = softmax(x); the `count` largest stay, of equal ones the first; the others become 0. The softmax sums 16
// partial sums, element i in partial i mod 16, by the tree.
typedef struct qk_route {
  qk_operand in;  // f32 [width]
  qk_operand out; // f32 [width]
  uint32_t width; // at most 256
  uint32_t count; // at most width
} qk_route;

// Copies the rows whose route to `expert` is not 0, one after the other, and fills in their set.
typedef struct qk_dispatch {
  qk_operand in;     // f32
  qk_operand routes; // f32
  uint32_t expert;
  uint32_t width;
  qk_operand out; // f32, i8 or i16; rows of the set
  qk_row_set *set;
} qk_dispatch;

// out[row] = fma(route, y, out[row]) for the rows of a set.
typedef struct qk_combine {
  qk_operand in;     // f32; rows of the set
  qk_operand routes; // f32
  uint32_t expert;
  uint32_t width;
  qk_operand out; // f32
  const qk_row_set *set;
} qk_combine;

// How much a probe of the machine's limits does.
typedef struct qk_probe {
  uint8_t *buffer; // [bytes] to touch or to read
  uint64_t bytes;  // a multiple of 4096, below 2^44
  uint64_t rounds; // of products in registers
  uint8_t *sink;   // [threads][64]
} qk_probe;

// ---- steps and the interpreter's loop -------------------------------------------------------------------

struct qk_step;
// Runs the share of `thread` (0 ..< threads) of one step. Shares depend on panels, channels or rows; results
// do not.
typedef void (*qk_kernel)(const struct qk_step *step, const qk_call *call, uint32_t thread, uint32_t threads);

// One bound instruction: a kernel and its resolved arguments.
typedef struct qk_step {
  qk_kernel kernel;
  uint32_t barrier;        // 1: every thread waits for all earlier steps before this one
  uint32_t instruction;    // index in the plan
  uint8_t *const *scratch; // [threads] per-thread scratch of at least qk_scratch_bytes(...), 64-byte aligned
  const qk_call
      *call; // what the kernel gets in place of the pool's call, or NULL; nothing runs where it has no rows
  union {
    qk_embed embed;
    qk_norm norm;
    qk_linear linear;
    qk_conv conv;
    qk_scan scan;
    qk_head_scan head_scan;
    qk_time_step time_step;
    qk_hadamard hadamard;
    qk_quantize quantize;
    qk_select select;
    qk_probe probe;
    qk_gate gate;
    qk_attend attend;
    qk_route route;
    qk_dispatch dispatch;
    qk_combine combine;
  } args;
} qk_step;

// Instruction sets, worst to best on each architecture.
enum qk_isa { QK_SCALAR = 0, QK_AVX2 = 1, QK_AVXVNNI = 2, QK_AVX512 = 3, QK_NEON = 4, QK_ISA_COUNT = 5 };

// The kernels of one instruction set.
typedef struct qk_kernel_table {
  qk_kernel embed, norm, linear, conv, scan, hadamard, quantize, select, head_scan, time_step;
  qk_kernel gate, attend, route, dispatch, combine;
} qk_kernel_table;

// Kernels that show what the machine can do at most.
typedef struct qk_probe_table {
  qk_kernel touch;                        // writes into every page
  qk_kernel read;                         // reads the buffer once, one stream a thread
  qk_kernel int8;                         // int8 products added up in int32, in registers
  qk_kernel float32;                      // fused multiply-adds, in registers
  uint32_t int8_products, float_products; // multiply-accumulates of one thread in one round
} qk_probe_table;

// Whether this processor (and this build) can run `isa`. QK_AVX512 means F, BW, DQ, VL and VNNI.
bool qk_isa_supported(enum qk_isa isa);
// The fastest supported instruction set.
enum qk_isa qk_isa_best(void);
// Kernels of a supported instruction set, or NULL.
const qk_kernel_table *qk_kernels(enum qk_isa isa);
// Probes of a supported instruction set, or NULL.
const qk_probe_table *qk_probes(enum qk_isa isa);
// Bytes of per-thread scratch that a step with this kernel and these arguments needs, whatever the call:
// something for scans, hadamard, attend and products of i4 weights, 0 for the others. Only those products
// need more for more rows.
size_t qk_scratch_bytes(const qk_step *step, uint32_t row_capacity);

// A pool of threads that run steps in lock step. The calling thread takes part as thread 0.
typedef struct qk_pool qk_pool;
// Starts `threads - 1` threads (threads >= 1). NULL when threads or memory cannot be had.
qk_pool *qk_pool_create(uint32_t threads);
void qk_pool_destroy(qk_pool *pool);
// Runs steps in order on every thread of the pool and returns when all are done. Allocates nothing.
// Sets and restores the caller's rounding mode and denormal flags (nearest even, denormals kept).
void qk_pool_run(qk_pool *pool, const qk_step *steps, size_t count, const qk_call *call);

// ---- numeric helpers shared with the compiler -----------------------------------------------------------

// Signs (+1 or -1) of the Hadamard matrix of `order`, row-major [order * order]; NULL for an order not listed
// above.
const int8_t *qk_hadamard_signs(uint32_t order);
// In place, one block of `block` doubles, unnormalized, same transform as qk_hadamard. `order` is a listed
// one.
void qk_hadamard_f64(double *block_values, uint32_t block, uint32_t order);
// In place, `count` floats in whole blocks: each block widened, transformed as by qk_hadamard_f64, times
// `factor`, rounded. scratch: [block].
void qk_rotate(float *values, size_t count, uint32_t block, uint32_t order, double factor, double *scratch);

// Own elementary functions in double, used wherever the bytes of a plan or a metric depend on them.
double qk_exp(double x);
double qk_log(double x); // x > 0

// dst[i] = src[i] widened exactly to f32; type is QK_F32, QK_BF16 or QK_F16, src at any address.
void qk_widen(const void *src, enum qk_type type, size_t count, float *dst);
// Whether all elements are finite; type is QK_F32, QK_BF16 or QK_F16, src at any address.
bool qk_all_finite(const void *src, enum qk_type type, size_t count);
// max |x|, 0 when count is 0.
float qk_max_abs(const float *x, size_t count);
// The sum of importance * e * e with e = x - q * scale and q = round_half_even(clamp(x * inverse, -limit,
// limit)); element i into partial i mod 16, then the tree. importance: [count], or NULL for ones.
float qk_code_error(const float *x, size_t count, float inverse, float scale, float limit,
                    const float *importance);
// running[i] = max(running[i], |x[i]|).
void qk_running_max_abs(const float *x, size_t count, float *running);
// counts[bits(|x|) >> 14] += 1 for every x; counts has 2^17 bins.
void qk_histogram_abs(const float *x, size_t count, uint64_t *counts);

// Quantizes up to 16 rows to +-127 and writes one i8 panel [k4/4][16][4], k padded with zeros to k4 (a
// multiple of 4). q = round_half_even(clamp(w * inverse, -127, 127)). Rows beyond `rows_valid` are zero.
// correction[j] = -128 * sum of row j. rows: row j at rows + j * row_stride (floats).
void qk_pack_panel_i8(const float *rows, size_t row_stride, uint32_t rows_valid, size_t k, size_t k4,
                      const float *inverse, int8_t *panel, int32_t *correction);
// Packs up to 16 rows of codes from -7 to 7, row j at codes + j * row_stride, into one i4 panel
// [k/8 rounded up][16][4], with zeros for inputs beyond `k` and rows beyond `rows_valid`. factors: of this
// panel, [groups][16]. correction[j] = -128 * sum of factor * code of row j.
void qk_pack_panel_i4(const int8_t *codes, size_t row_stride, uint32_t rows_valid, size_t k,
                      const uint8_t *factors, uint8_t *panel, int32_t *correction);
// Transposes up to 16 rows of 2- or 4-byte elements into one panel [k][16]; rows beyond `rows_valid` are
// zero. row_stride in elements.
void qk_pack_panel(const void *rows, size_t row_stride, uint32_t rows_valid, size_t k, uint32_t element_bytes,
                   void *panel);
// Quantizes one row: q = round_half_even(clamp(x * inverse, low, high)), both bounds those of an i8.
void qk_quantize_row(const float *x, size_t count, float inverse, float low, float high, int8_t *q);

// ---- rounding that knows its inputs ---------------------------------------------------------------------

// Takes the 16 channels from `first` on out of codes [rows][stride], rows and stride in bytes of one code:
// channels [16][length] and panel [length/4][16][4] hold them one after the other and interleaved, with zeros
// for channels beyond `width` and rows beyond `rows`; sums [16]. length: a multiple of 4, at least `rows`.
void qk_take_channels(const int8_t *codes, size_t stride, uint32_t rows, uint32_t width, uint32_t first,
                      uint32_t length, int8_t *channels, int8_t *panel, int64_t *sums);

// Codes of some rows, taken apart by qk_take_channels, and the matrix that their products are added to.
typedef struct qk_gram {
  const int8_t *channels; // [width padded to 16][length]
  const int8_t *panels;   // [padded width / 16][length/4][16][4]
  const int64_t *sums;    // [padded width]
  uint32_t width;
  uint32_t length; // at most 1024, so that every sum is below 2^24
  int64_t *gram;   // [width][width]
} qk_gram;

// gram[i][j] += sum over rows of q[i] * q[j] for i from begin to end, and j from i on at least. Exact.
void qk_gram_i8(const qk_gram *a, uint32_t begin, uint32_t end);

// c[m][n] -= a[k][m] * b[k][n] for every k in order: one product, one difference, each rounded. Rows of c, a
// and b lie c_stride, a_stride and b_stride apart; `columns`, a multiple of 8, counts n.
void qk_subtract_products(double *c, size_t c_stride, const double *a, size_t a_stride, const double *b,
                          size_t b_stride, size_t rows, size_t columns, size_t k);

// Up to 16 rows of a weight that are rounded column by column.
typedef struct qk_rounding {
  const float *weights;   // [rows][width]
  const float *scales;    // [rows]
  const double *feedback; // [width][width], above the diagonal
  double *errors; // [width][16]: before, what a column is to be rounded to; after, code * scale - weight
  int8_t *codes;  // [rows][width]
  size_t width;
  double limit; // the largest code
} qk_rounding;

// Rounds columns begin ..< end of `rows` rows, errors[j] -= feedback[i][j] * errors[i] for each i from begin
// to j in order before column j is rounded, half to even.
void qk_round_columns(const qk_rounding *a, uint32_t rows, size_t begin, size_t end);

#endif
