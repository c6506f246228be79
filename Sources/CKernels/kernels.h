// Everything that one instruction set compiles, and its table. The including file opens the target region,
// defines QK_TABLE, and includes its codes_planes().
#include "lanes.h"
#include "rows.h"
#include "hadamard.h"
#include "conv.h"
#include "scan.h"
#include "head_scan.h"
#include "linear.h"
#include "experts.h"
#include "attend.h"
#include "helpers.h"
#include "rotation.h"
#include "gram.h"
#include "rounding.h"
#include "elementary.h"
#include "probes.h"

const qk_isa_table QK_TABLE = {
    .kernels = {.embed = embed,
                .norm = norm,
                .linear = linear,
                .conv = conv,
                .scan = scan,
                .hadamard = hadamard,
                .quantize = quantize,
                .select = select_rows,
                .head_scan = head_scan,
                .time_step = time_step,
                .gate = gate,
                .attend = attend,
                .route = route,
                .dispatch = dispatch_rows,
                .combine = combine_rows},
    .probes = {.touch = probe_touch,
               .read = probe_read,
               .int8 = probe_int8,
               .float32 = probe_float,
               .int8_products = QK_PROBE_SUMS * QK_PROBE_MACS,
               .float_products = QK_PROBE_FLOAT_SUMS * QK_LANES},
    .widen = widen,
    .all_finite = all_finite,
    .max_abs = max_abs,
    .code_error = code_error,
    .running_max_abs = running_max_abs,
    .histogram_abs = histogram_abs,
    .pack_panel_i8 = pack_panel_i8,
    .pack_panel_i4 = pack_panel_i4,
    .pack_panel = pack_panel,
    .quantize_row = quantize_row,
    .take_channels = take_channels,
    .gram_rows = gram_rows,
    .subtract_products = subtract_products,
    .round_columns = round_columns,
    .hadamard_f64 = hadamard_f64,
    .rotate = rotate,
    .exp = exp_f64,
    .log = log_f64,
};
