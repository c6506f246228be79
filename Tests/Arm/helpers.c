// What the helpers that the compiler calls make of generated inputs: plans compiled on another processor have
// the same bytes where every line is the same.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "generated.h"

#define MOST 4096

static void fill_weights(float *x, size_t count) {
  for (size_t i = 0; i < count; i++)
    x[i] = generated_weight();
}

static void show(const char *what, size_t size, uint64_t h) {
  printf("%s %zu: %016llx\n", what, size, (unsigned long long)h);
}

static const size_t sizes[] = {1, 4, 15, 16, 17, 63, 64, 65, 100, 255, 1024};
#define EACH_SIZE(n) for (size_t at = 0, n; at < sizeof sizes / sizeof *sizes && (n = sizes[at], true); at++)

static void show_elementary(void) {
  uint64_t exponentials = DIGEST_START, logarithms = DIGEST_START;
  for (int i = 0; i < 20000; i++) {
    const double y = qk_exp(generated_number(i % 2 ? 750 : 2));
    const uint64_t any = generated_bits() & 0x7fefffffffffffffu;
    double x;
    memcpy(&x, &any, sizeof x);
    const double z = qk_log(i % 2 ? x : 1 + generated_number(0.5));
    exponentials = digest(exponentials, &y, sizeof y);
    logarithms = digest(logarithms, &z, sizeof z);
  }
  show("exp", 20000, exponentials);
  show("log", 20000, logarithms);
}

// Every finite half and bfloat16.
static void show_widen(void) {
  static uint16_t halves[65536], brains[65536];
  static float wide[65536];
  size_t half_count = 0, brain_count = 0;
  for (uint32_t i = 0; i < 65536; i++) {
    if ((i & 0x7c00) != 0x7c00)
      halves[half_count++] = (uint16_t)i;
    if ((i & 0x7f80) != 0x7f80)
      brains[brain_count++] = (uint16_t)i;
  }
  qk_widen(halves, QK_F16, half_count, wide);
  show("widen f16", half_count, digest(DIGEST_START, wide, half_count * 4));
  qk_widen(brains, QK_BF16, brain_count, wide);
  show("widen bf16", brain_count, digest(DIGEST_START, wide, brain_count * 4));
  show("all finite", half_count,
       (uint64_t)(qk_all_finite(halves, QK_F16, half_count) +
                  2 * qk_all_finite(brains, QK_BF16, brain_count) +
                  4 * qk_all_finite(brains, QK_F16, brain_count)));
}

static void show_rows(void) {
  static float x[MOST], running[MOST], importance[MOST];
  static uint64_t counts[1 << 17];
  static int8_t q[MOST];
  EACH_SIZE(n) {
    fill_weights(x, n);
    const float largest = qk_max_abs(x, n);
    show("max abs", n, digest(DIGEST_START, &largest, sizeof largest));
    const float inverse = (float)(40 + generated_number(30)), scale = (float)(1 / (double)inverse);
    for (size_t i = 0; i < n; i++)
      importance[i] = (float)(1 + generated_number(1));
    const float errors[] = {qk_code_error(x, n, inverse, scale, 127, NULL),
                            qk_code_error(x, n, inverse, scale, 7, importance)};
    show("code error", n, digest(DIGEST_START, errors, sizeof errors));
    qk_running_max_abs(x, n, running);
    show("running max abs", n, digest(DIGEST_START, running, sizeof running));
    qk_histogram_abs(x, n, counts);
    show("histogram", n, digest(DIGEST_START, counts, sizeof counts));
    for (int most = 7; most <= 127; most += 120) {
      memset(q, 0, sizeof q);
      qk_quantize_row(x, n, inverse, (float)-most, (float)most, q);
      show("quantize row", n, digest(DIGEST_START, q, sizeof q));
    }
  }
}

static void show_panels(void) {
  static float rows[16 * 1024], inverse[16];
  static uint32_t panel[16 * 1024];
  static int8_t codes[16 * 1024];
  static uint8_t factors[8 * 16];
  int32_t correction[16];
  EACH_SIZE(n)
  for (uint32_t valid = 1; valid <= 16; valid += 5) {
    const size_t k4 = (n + 3) / 4 * 4;
    fill_weights(rows, 16 * n);
    for (int i = 0; i < 16; i++)
      inverse[i] = (float)(40 + generated_number(30));
    memset(panel, 0x55, sizeof panel);
    qk_pack_panel_i8(rows, n, valid, n, k4, inverse, (int8_t *)panel, correction);
    show("pack panel i8", n, digest(digest(DIGEST_START, panel, k4 * 16), correction, sizeof correction));
    for (size_t i = 0; i < 16 * n; i++)
      codes[i] = (int8_t)(generated_bits() % 15) - 7;
    for (size_t i = 0; i < sizeof factors; i++)
      factors[i] = (uint8_t)(generated_bits() % 63 + 1);
    qk_pack_panel_i4(codes, n, valid, n, factors, (uint8_t *)panel, correction);
    show("pack panel i4", n,
         digest(digest(DIGEST_START, panel, (n + 7) / 8 * 64), correction, sizeof correction));
    qk_pack_panel(rows, n, valid, n, 4, panel);
    show("pack panel", n, digest(DIGEST_START, panel, n * 64));
    qk_pack_panel(rows, n, valid, n, 2, panel);
    show("pack panel of halves", n, digest(DIGEST_START, panel, n * 32));
  }
}

static void show_rotations(void) {
  static const uint32_t orders[] = {1, 12, 20, 28, 36, 44, 60};
  static double values[60 * 64], scratch[60 * 64];
  static float floats[2 * 60 * 64];
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    for (uint32_t m = orders[i] == 1 ? 16 : 1; m <= 64; m *= 2) {
      const uint32_t block = orders[i] * m;
      for (uint32_t j = 0; j < block; j++)
        values[j] = generated_number(3);
      qk_hadamard_f64(values, block, orders[i]);
      show("hadamard", block, digest(DIGEST_START, values, block * 8));
      fill_weights(floats, 2 * block);
      qk_rotate(floats, 2 * block, block, orders[i], 0.037, scratch);
      show("rotate", block, digest(DIGEST_START, floats, 2 * block * 4));
    }
}

// Codes of `rows` rows and `width` channels, taken apart and multiplied with themselves.
static void show_gram(uint32_t rows, uint32_t width) {
  const uint32_t length = (rows + 3) / 4 * 4, padded = (width + 15) / 16 * 16;
  int8_t *codes = malloc((size_t)rows * width), *channels = malloc((size_t)padded * length),
         *panels = malloc((size_t)padded * length);
  int64_t *sums = malloc(padded * sizeof *sums), *gram = calloc((size_t)width * width, sizeof *gram);
  if (!codes || !channels || !panels || !sums || !gram)
    exit(71);
  for (size_t i = 0; i < (size_t)rows * width; i++)
    codes[i] = (int8_t)(generated_bits() % 256);
  for (uint32_t first = 0; first < padded; first += 16)
    qk_take_channels(codes, width, rows, width, first, length, channels + (size_t)first * length,
                     panels + (size_t)first * length, sums + first);
  const qk_gram a = {channels, panels, sums, width, length, gram};
  qk_gram_i8(&a, 0, width);
  for (uint32_t i = 1; i < width; i++)
    memset(gram + (size_t)i * width, 0, i * sizeof *gram); // left open
  show("gram", width, digest(DIGEST_START, gram, (size_t)width * width * sizeof *gram));
  free(codes), free(channels), free(panels), free(sums), free(gram);
}

#define WIDTH 64

static void show_rounding(void) {
  static float weights[16 * WIDTH], scales[16];
  static double feedback[WIDTH * WIDTH], errors[WIDTH * 16], products[WIDTH * WIDTH];
  static int8_t codes[16 * WIDTH];
  for (uint32_t rows = 1; rows <= 16; rows += 5) {
    fill_weights(weights, 16 * WIDTH);
    for (int i = 0; i < 16; i++)
      scales[i] = (float)(0.03 + generated_number(0.02));
    for (int i = 0; i < WIDTH * WIDTH; i++)
      feedback[i] = generated_number(0.5);
    for (int i = 0; i < WIDTH * 16; i++)
      errors[i] = generated_number(0.1);
    memset(codes, 0, sizeof codes);
    const qk_rounding a = {weights, scales, feedback, errors, codes, WIDTH, rows % 2 ? 127 : 7};
    qk_round_columns(&a, rows, 0, 39);
    qk_round_columns(&a, rows, 39, WIDTH);
    show("round columns", rows, digest(digest(DIGEST_START, codes, sizeof codes), errors, sizeof errors));
    for (int i = 0; i < WIDTH * WIDTH; i++)
      products[i] = generated_number(2);
    qk_subtract_products(products, WIDTH, feedback, WIDTH, feedback + 8 * WIDTH, WIDTH, rows, 40, 50);
    show("subtract products", rows, digest(DIGEST_START, products, sizeof products));
  }
}

void print_helpers(void) {
  generated_from(1);
  show_elementary();
  show_widen();
  show_rows();
  show_panels();
  show_rotations();
  show_gram(1, 1);
  show_gram(37, 33);
  show_gram(1024, 300);
  show_rounding();
}
