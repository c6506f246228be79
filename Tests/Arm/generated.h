// Generated values, the same on every machine, and what is printed of what they lead to.
#ifndef QK_GENERATED_H
#define QK_GENERATED_H

#include "ckernels.h"
#include "recording.h"

// Begins anew.
void generated_from(uint64_t seed);
uint64_t generated_bits(void);
// In -most ..< most.
double generated_number(double most);
// Mostly ordinary weights; some at the edges.
float generated_weight(void);

// Prints what the helpers of ckernels.h make of generated inputs, a line each.
void print_helpers(void);
// Prints what the other kernels that compute make of generated inputs, a line each.
void print_kernels(const qk_kernel_table *kernels);
// Prints what the products of one instruction set make of generated inputs, a line each.
void print_products(const qk_kernel_table *kernels);

#endif
