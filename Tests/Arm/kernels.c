// What the kernels that have one source for all instruction sets make of generated inputs, edges among them:
// signed zeros, subnormals, ties, values far beyond what codes and halves hold.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "generated.h"

#define ROWS 5
#define MOST_WIDTH 512
#define STRIDE (MOST_WIDTH * 4)
#define INPUTS 6
#define OUTPUTS 2
#define STATE_BYTES 32768

static float inputs[INPUTS][ROWS * MOST_WIDTH], constants[4][16 * MOST_WIDTH];
static uint8_t outputs[OUTPUTS][ROWS * STRIDE];
static uint8_t states[2][STATE_BYTES];
static uint8_t *scratch[2];

// Rows of an input: floats, or any bytes as codes.
static qk_operand input(int index, uint32_t type) {
  return (qk_operand){
      .base = (uint8_t *)inputs[index], .stride = STRIDE, .factor = constants[3], .type = type};
}

static qk_operand output(int index, uint32_t type, uint32_t per_channel) {
  return (qk_operand){.base = outputs[index],
                      .stride = STRIDE,
                      .factor = constants[3],
                      .per_channel = per_channel,
                      .type = type,
                      .plane = MOST_WIDTH};
}

// Two sequences, of 2 rows and of the rest, by two threads.
static void show(const char *name, uint32_t detail, qk_kernel kernel, qk_step step) {
  static const uint32_t starts[] = {0, 2, ROWS};
  static uint8_t *const bases[] = {states[0], states[1]};
  const qk_call call = {.rows = ROWS, .segments = 2, .segment_start = starts, .segment_state = bases};
  memset(outputs, 0, sizeof outputs);
  step.kernel = kernel;
  const size_t bytes = qk_scratch_bytes(&step, ROWS) + 64;
  for (int i = 0; i < 2; i++)
    if (!(scratch[i] = aligned_alloc(64, (bytes + 63) / 64 * 64)))
      exit(71);
  step.scratch = scratch;
  for (uint32_t thread = 0; thread < 2; thread++)
    kernel(&step, &call, thread, 2);
  printf("%s %u: %016llx\n", name, detail,
         (unsigned long long)digest(digest(DIGEST_START, outputs, sizeof outputs), states, sizeof states));
  free(scratch[0]), free(scratch[1]);
}

// New inputs; constants[0] is negative, constants[3] positive and near 1. Zero beyond `width`.
static void fill(uint32_t width) {
  memset(inputs, 0, sizeof inputs);
  for (int i = 0; i < INPUTS * ROWS; i++)
    for (uint32_t j = 0; j < width; j++)
      inputs[i / ROWS][i % ROWS * MOST_WIDTH + j] = generated_weight();
  for (int i = 0; i < 16 * MOST_WIDTH; i++) {
    const float x = generated_weight();
    constants[0][i] = x > 0 ? -x : x;
    constants[1][i] = (float)generated_number(1);
    constants[2][i] = generated_weight();
    constants[3][i] = (float)(1 + generated_number(0.9));
  }
  memset(states, 0, sizeof states);
}

static const uint32_t widths[] = {1, 15, 16, 36, 64, 300};
static const uint32_t types[] = {QK_F32, QK_I8, QK_I16};
#define EACH(i, array) for (size_t i = 0; i < sizeof(array) / sizeof *(array); i++)

static void show_rows(const qk_kernel_table *kernels) {
  EACH(w, widths) EACH(t, types) {
    const uint32_t width = widths[w], type = types[t];
    fill(width);
    if (type != QK_F32)
      show("quantize", width, kernels->quantize,
           (qk_step){.args.quantize = {input(0, QK_F32), output(0, type, w % 2), width}});
    show("norm", width, kernels->norm,
         (qk_step){.args.norm = {input(0, QK_F32), constants[2], 1e-5f, width, width % 3 ? 1 : 3,
                                 output(0, type, 0)}});
    show("gate", width, kernels->gate,
         (qk_step){.args.gate = {input(0, QK_F32), input(1, QK_F32), output(0, QK_F32, 0), width}});
    if (width <= 256)
      show("route", width, kernels->route,
           (qk_step){.args.route = {input(0, QK_F32), output(0, QK_F32, 0), width, (width + 1) / 2}});
    if (type != QK_I16)
      show("time step", width, kernels->time_step,
           (qk_step){
               .args.time_step = {input(0, type), constants[1], 1e-3f, 100, width, output(0, QK_F32, 0)}});
  }
}

static void show_hadamards(const qk_kernel_table *kernels) {
  static const uint32_t orders[] = {1, 12, 20, 28, 36, 44, 60};
  EACH(i, orders) EACH(t, types) for (uint32_t m = orders[i] == 1 ? 16 : 1; m * orders[i] <= 256; m *= 4) {
    const uint32_t block = m * orders[i], width = 2 * block;
    fill(width);
    show("hadamard", block, kernels->hadamard,
         (qk_step){.args.hadamard = {input(0, QK_F32), t % 2 ? constants[1] : NULL, output(0, types[t], 0),
                                     width, block, orders[i]}});
  }
}

static void show_convolutions(const qk_kernel_table *kernels) {
  for (uint32_t taps = 2; taps <= 4; taps++)
    EACH(t, types) {
      fill(48);
      const qk_conv a = {.in = input(0, t % 2 ? QK_I8 : QK_F32),
                         .weights = constants[1],
                         .bias = t ? constants[2] : NULL,
                         .taps = taps,
                         .blocks = 3,
                         .out0 = output(0, types[t], 1),
                         .out1 = output(1, QK_F32, 0)};
      show("conv", taps, kernels->conv, (qk_step){.args.conv = a});
    }
}

static void show_scans(const qk_kernel_table *kernels) {
  static const uint32_t state_types[] = {QK_F32, QK_F16, QK_I8};
  for (uint32_t n = 8; n <= 32; n *= 2)
    EACH(t, state_types) {
      fill(48);
      const uint32_t codes = n == 16 ? QK_I8 : QK_F32;
      const qk_scan a = {.u = input(0, codes),
                         .dt = input(1, QK_F32),
                         .z = input(2, QK_F32),
                         .b = input(3, codes),
                         .c = input(4, QK_F32),
                         .a = constants[0],
                         .d = constants[2],
                         .dt_bias = constants[1],
                         .n = n,
                         .blocks = 3,
                         .state_type = state_types[t],
                         .state_scale = constants[3],
                         .state_inverse = constants[3],
                         .out = output(0, QK_F32, 0),
                         .peak = output(1, QK_F32, 0)};
      show("scan", n, kernels->scan, (qk_step){.args.scan = a});
      const qk_head_scan heads = {.u = a.u,
                                  .z = a.z,
                                  .delta = input(5, QK_F32),
                                  .b = a.b,
                                  .c = a.c,
                                  .a = a.a,
                                  .d = a.d,
                                  .n = n,
                                  .groups = n == 8 ? 2 : 1,
                                  .heads = 6,
                                  .head_width = 8,
                                  .blocks = 3,
                                  .state_type = a.state_type,
                                  .state_scale = constants[3],
                                  .state_inverse = constants[3],
                                  .out = a.out};
      for (int i = 0; i < ROWS * MOST_WIDTH; i++) // steps of time are positive
        inputs[5][i] = inputs[5][i] < 0 ? -inputs[5][i] : inputs[5][i];
      memset(states, 0, sizeof states);
      show("head scan", n, kernels->head_scan, (qk_step){.args.head_scan = heads});
    }
}

void print_kernels(const qk_kernel_table *kernels) {
  generated_from(3);
  show_rows(kernels);
  show_hadamards(kernels);
  show_convolutions(kernels);
  show_scans(kernels);
}
