// Hadamard matrices by Paley's two constructions.
#include <pthread.h>
#include "internal.h"

typedef struct paley {
  uint32_t order;
  uint32_t prime; // q = 3 mod 4: order q + 1; q = 1 mod 4: order 2 (q + 1)
  int8_t *signs;  // [order * order]
  float *floats;  // the same
} paley;

#define QK_PALEY(order, prime)                                                                               \
  {                                                                                                          \
    order, prime, (int8_t[(order) * (order)]){0}, (float[(order) * (order)]) {                               \
      0                                                                                                      \
    }                                                                                                        \
  }

static paley matrices[] = {
    {1, 0, (int8_t[1]){1}, (float[1]){1}},
    QK_PALEY(12, 11),
    QK_PALEY(20, 19),
    QK_PALEY(28, 13),
    QK_PALEY(36, 17),
    QK_PALEY(44, 43),
    QK_PALEY(60, 59),
};
static const size_t matrix_count = sizeof matrices / sizeof matrices[0];
static pthread_once_t once = PTHREAD_ONCE_INIT;

// 1 where x is a nonzero square modulo the prime, -1 where it is no square, 0 where x is 0.
static int legendre(uint32_t x, uint32_t prime) {
  if (x % prime == 0)
    return 0;
  for (uint32_t y = 1; y < prime; y++)
    if (y * y % prime == x % prime)
      return 1;
  return -1;
}

// The bordered matrix of residues: zero diagonal, first row 1, first column `border`.
static int bordered(uint32_t i, uint32_t j, uint32_t prime, int border) {
  if (i == j)
    return 0;
  if (i == 0)
    return 1;
  return j == 0 ? border : legendre(i + prime - j, prime);
}

static int first_construction(uint32_t i, uint32_t j, uint32_t prime) {
  return i == j ? 1 : bordered(i, j, prime, -1);
}

// Every entry becomes a 2 x 2 block: 0 is (1 -1 / -1 -1), c is c (1 1 / 1 -1).
static int second_construction(uint32_t i, uint32_t j, uint32_t prime) {
  const int c = bordered(i / 2, j / 2, prime, 1);
  const bool low_row = i % 2, low_column = j % 2;
  if (c == 0)
    return low_row || low_column ? -1 : 1;
  return low_row && low_column ? -c : c;
}

static void fill(void) {
  for (size_t m = 1; m < matrix_count; m++) {
    const paley p = matrices[m];
    for (uint32_t i = 0; i < p.order; i++)
      for (uint32_t j = 0; j < p.order; j++) {
        const int sign =
            p.prime % 4 == 3 ? first_construction(i, j, p.prime) : second_construction(i, j, p.prime);
        p.signs[i * p.order + j] = (int8_t)sign;
        p.floats[i * p.order + j] = (float)sign;
      }
  }
}

static const paley *find(uint32_t order) {
  pthread_once(&once, fill);
  for (size_t m = 0; m < matrix_count; m++)
    if (matrices[m].order == order)
      return &matrices[m];
  return NULL;
}

const int8_t *qk_hadamard_signs(uint32_t order) {
  const paley *p = find(order);
  return p ? p->signs : NULL;
}

const float *qk_hadamard_signs_f32(uint32_t order) {
  const paley *p = find(order);
  return p ? p->floats : NULL;
}
