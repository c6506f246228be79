// Recorded calls, so that one processor's kernels can be held against another's. A test writes the file,
// `replay` runs its calls anew and tells what they leave in memory.
//
// The file is a sequence of records, each followed by its bytes, little-endian throughout:
//
//   memory  new memory: `address` is where it lay, `use` what is in it
//   run     a call: a `run_record`
//
// Memory that holds addresses comes after the memory they lie in. Any of its 8-byte words that is an address
// in earlier memory, the latest if it was used several times, becomes an address in the memory of `replay`;
// other words stay as they are. Of a step, `kernel` is the place of the kernel in `qk_kernel_table`, and
// `scratch` means nothing.
#ifndef QK_RECORDING_H
#define QK_RECORDING_H

#include <stdint.h>

enum record_kind { RECORD_MEMORY = 0, RECORD_RUN = 1 };

enum record_use {
  USE_CONSTANTS = 0, // only read
  USE_VALUES = 1,    // written by kernels: what is compared
  USE_ADDRESSES = 2, // words, some of them addresses
  USE_STEPS = 3      // qk_step, one after the other
};

typedef struct record {
  uint32_t kind, use;
  uint64_t address;
  uint64_t bytes; // that follow
} record;

typedef struct run_record {
  uint64_t steps; // address of the first
  uint64_t count;
  uint64_t call; // address of its qk_call
} run_record;

// What the bytes come down to: h = (h ^ word) * 0x100000001b3 over 8-byte words from 0xcbf29ce484222325 on. A
// last word of fewer bytes is filled up with zeros.
uint64_t digest(uint64_t h, const void *bytes, uint64_t count);

#define DIGEST_START 0xcbf29ce484222325u

#endif
