// Sums of products of codes, for rounding that knows its inputs. Included once per instruction set.

// Products of this many rows and columns of a Gram matrix are summed at a time.
#define QK_GRAM_ROWS 48
#define QK_GRAM_COLUMNS 256

// Takes the 16 channels from `first` on out of codes [rows][stride]; channels beyond `width` and rows from
// `rows` to `length` are zero.
static void take_channels(const int8_t *codes, size_t stride, uint32_t rows, uint32_t width, uint32_t first,
                          uint32_t length, int8_t *channels, int8_t *panel, int64_t *sums) {
  const uint32_t valid = width - first < QK_LANES ? width - first : QK_LANES;
  memset(channels, 0, (size_t)length * QK_LANES);
  for (uint32_t row = 0; row < rows; row++) {
    const int8_t *x = codes + row * stride + first;
    for (uint32_t lane = 0; lane < valid; lane++)
      channels[(size_t)lane * length + row] = x[lane];
  }
  pack_panel(channels, length / 4, QK_LANES, length / 4, 4, panel);
  for (uint32_t lane = 0; lane < QK_LANES; lane++) {
    int32_t sum = 0;
    for (uint32_t row = 0; row < rows; row++)
      sum += channels[(size_t)lane * length + row];
    sums[lane] = sum;
  }
}

// The integer product of linear(), whose sums below 2^24 are exact in float32.
static void gram_tile(const qk_gram *a, uint32_t row, uint32_t rows, uint32_t panel, uint32_t panels) {
  static const float one[QK_GRAM_COLUMNS] = {[0 ... QK_GRAM_COLUMNS - 1] = 1};
  static const float zero[QK_GRAM_COLUMNS] = {0};
  float products[QK_GRAM_ROWS * QK_GRAM_COLUMNS];
  int32_t correction[QK_GRAM_COLUMNS];
  const uint32_t first = panel * QK_LANES, columns = panels * QK_LANES;
  for (uint32_t i = 0; i < columns; i++)
    correction[i] = (int32_t)(-128 * a->sums[first + i]);
  const qk_linear_part part = {.weights = a->panels + (size_t)first * a->length,
                               .correction = correction,
                               .multiplier = one,
                               .bias = zero,
                               .panels = panels,
                               .out = {.base = (uint8_t *)products, .stride = columns * 4, .type = QK_F32}};
  qk_step step = {.args.linear = {.parts = &part, .part_count = 1, .k = a->length, .weight_type = QK_I8}};
  // The product only reads its input.
  step.args.linear.in.base = (uint8_t *)(uintptr_t)(a->channels + (size_t)row * a->length);
  step.args.linear.in.stride = a->length;
  step.args.linear.in.type = QK_I8;
  const qk_call call = {.rows = rows};
  linear(&step, &call, 0, 1);
  const uint32_t valid = a->width - first < columns ? a->width - first : columns;
  for (uint32_t r = 0; r < rows; r++) {
    int64_t *gram = a->gram + (size_t)(row + r) * a->width + first;
    for (uint32_t i = 0; i < valid; i++)
      gram[i] += (int32_t)products[r * columns + i];
  }
}

static void gram_rows(const qk_gram *a, uint32_t begin, uint32_t end) {
  const uint32_t panels = qk_blocks(a->width), most = QK_GRAM_COLUMNS / QK_LANES;
  for (uint32_t row = begin; row < end; row += QK_GRAM_ROWS) {
    const uint32_t rows = end - row < QK_GRAM_ROWS ? end - row : QK_GRAM_ROWS;
    for (uint32_t panel = row / QK_LANES; panel < panels; panel += most)
      gram_tile(a, row, rows, panel, panels - panel < most ? panels - panel : most);
  }
}
