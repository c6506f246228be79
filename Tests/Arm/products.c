// What the products of linear layers make of generated inputs: the kernels whose source differs from one
// instruction set to another.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "generated.h"

#define MOST_K 1000
#define MOST_ROWS 9
#define PANELS 3
// For each thread's scratch.
#define ROOM 4096
#define WIDTH (PANELS * QK_LANES)

static uint8_t inputs[MOST_ROWS * 64 * 64], outputs[MOST_ROWS * WIDTH * 4];
static uint8_t weights[MOST_K * WIDTH * 4], factors[PANELS * 8 * QK_LANES];
static int32_t correction[WIDTH];
static float multiplier[WIDTH], bias[WIDTH];

static void fill_bytes(uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++)
    bytes[i] = (uint8_t)(generated_bits() >> 7);
}

// Codes from -127 to 127, in nibbles from -7 to 7; floats near 1.
static void fill_constants(uint32_t type) {
  fill_bytes(weights, sizeof weights);
  for (size_t i = 0; i < sizeof weights; i++)
    if (type == QK_I8)
      weights[i] = weights[i] == 0x80 ? 0x81 : weights[i];
    else if (type == QK_I4)
      weights[i] = (uint8_t)(((weights[i] & 0xf) == 8 ? 9 : weights[i] & 0xf) |
                             (weights[i] >> 4 == 8 ? 9 : weights[i] >> 4) << 4);
    else if (type != QK_F32)
      weights[i] = i % 2 ? (uint8_t)((weights[i] & 0x83) | 0x3c) : weights[i];
  for (size_t i = 0; type == QK_F32 && i + 4 <= sizeof weights; i += 4) {
    const float x = generated_weight();
    memcpy(weights + i, &x, sizeof x);
  }
  for (size_t i = 0; i < sizeof factors; i++)
    factors[i] = (uint8_t)(generated_bits() % 63 + 1);
  for (int i = 0; i < WIDTH; i++) {
    multiplier[i] = (float)generated_number(1e-3);
    bias[i] = (float)generated_number(1);
  }
}

static int32_t code_of(uint32_t type, const uint8_t *panel, uint32_t k, uint32_t lane) {
  if (type == QK_I8)
    return (int8_t)panel[(k / 4 * QK_LANES + lane) * 4 + k % 4];
  const uint8_t both = panel[(k / 8 * QK_LANES + lane) * 4 + k % 4];
  return (int8_t)(k % 8 < 4 ? both << 4 : both & 0xf0) / 16;
}

static void fill_correction(uint32_t type, uint32_t k) {
  const uint32_t groups = (k + QK_GROUP - 1) / QK_GROUP;
  for (uint32_t output = 0; output < WIDTH; output++) {
    const uint32_t panel = output / QK_LANES, lane = output % QK_LANES;
    int32_t sum = 0;
    for (uint32_t i = 0; i < k; i++)
      sum += code_of(type, weights + (size_t)panel * k * QK_LANES / (type == QK_I4 ? 2 : 1), i, lane) *
             (type == QK_I4 ? factors[(panel * groups + i / QK_GROUP) * QK_LANES + lane] : 1);
    correction[output] = -128 * sum;
  }
}

static void fill_inputs(uint32_t type) {
  fill_bytes(inputs, sizeof inputs);
  for (size_t i = 0; type == QK_F32 && i + 4 <= sizeof inputs; i += 4) {
    const float x = generated_weight();
    memcpy(inputs + i, &x, sizeof x);
  }
}

static void show(qk_kernel kernel, uint32_t in, uint32_t type, uint32_t k, uint32_t rows, uint32_t out) {
  const qk_linear_part part = {.weights = weights,
                               .correction = correction,
                               .multiplier = multiplier,
                               .bias = bias,
                               .factors = type == QK_I4 ? factors : NULL,
                               .panels = PANELS,
                               .out = {.base = outputs, .stride = WIDTH * 4, .type = out}};
  const uint64_t stride = in == QK_F32 ? 4096 : 2048;
  static _Alignas(64) uint8_t space[2][ROOM];
  static uint8_t *const scratch[] = {space[0], space[1]};
  const qk_step step = {.kernel = kernel,
                        .scratch = scratch,
                        .args.linear = {.in = {.base = inputs, .stride = stride, .type = in, .plane = 1024},
                                        .parts = &part,
                                        .part_count = 1,
                                        .k = k,
                                        .weight_type = type}};
  const qk_call call = {.rows = rows};
  if (qk_scratch_bytes(&step, rows) > ROOM)
    exit(70);
  memset(outputs, 0, sizeof outputs);
  for (uint32_t thread = 0; thread < 2; thread++)
    kernel(&step, &call, thread, 2);
  printf("linear in %u weights %u k %u rows %u out %u: %016llx\n", in, type, k, rows, out,
         (unsigned long long)digest(DIGEST_START, outputs, sizeof outputs));
}

void print_products(const qk_kernel_table *kernels) {
  static const uint32_t forms[][2] = {{QK_I8, QK_I8},  {QK_I16, QK_I8},  {QK_I8, QK_I4},    {QK_I16, QK_I4},
                                      {QK_F32, QK_I8}, {QK_F32, QK_F32}, {QK_F32, QK_BF16}, {QK_F32, QK_F16}};
  static const uint32_t depths[] = {8, 16, 24, 64, 120, 128, 136, 256, 264, 1000};
  generated_from(2);
  for (size_t form = 0; form < sizeof forms / sizeof *forms; form++)
    for (size_t depth = 0; depth < sizeof depths / sizeof *depths; depth++) {
      const uint32_t in = forms[form][0], type = forms[form][1];
      // i8 also where only four inputs are left, floats anywhere
      const uint32_t k = depths[depth] - (type == QK_I4 ? 0 : type == QK_I8 ? 4 : 3);
      fill_constants(type);
      fill_inputs(in);
      if (type == QK_I8 || type == QK_I4)
        fill_correction(type, k);
      for (uint32_t rows = 1; rows <= MOST_ROWS; rows += rows < 5 ? 1 : 2)
        show(kernels->linear, in, type, k, rows, rows % 2 ? QK_F32 : QK_I8);
    }
}
