#include <string.h>
#include "generated.h"

static uint64_t state;

void generated_from(uint64_t seed) {
  state = seed;
}

// SplitMix64.
uint64_t generated_bits(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double generated_number(double most) {
  return ((double)(generated_bits() >> 11) * 0x1p-52 - 1) * most;
}

float generated_weight(void) {
  const uint32_t tiny = (uint32_t)(generated_bits() % 0x7fffff + 1);
  float subnormal;
  memcpy(&subnormal, &tiny, sizeof subnormal);
  switch (generated_bits() % 16) {
  case 0:
    return generated_bits() % 2 ? 0.0f : -0.0f;
  case 1:
    return generated_bits() % 2 ? subnormal : -subnormal;
  case 2:
    return (float)(generated_bits() % 255) - 127.5f;
  case 3:
    return (float)generated_number(1e6);
  default:
    return (float)generated_number(3);
  }
}
