// Runs recorded calls of a plan with the kernels of one instruction set, and prints a digest of what they
// leave.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ckernels_testing.h"
#include "generated.h"

#define MOST_REGIONS 4096
#define MOST_THREADS 64

typedef struct region {
  record was;
  uint8_t *here;
} region;

static region regions[MOST_REGIONS];
static size_t region_count;
static const qk_kernel_table *kernels;
static uint8_t *scratch[MOST_THREADS];
static uint32_t threads;
static qk_pool *pool;
static bool shows_steps;

static const char *const set_names[QK_ISA_COUNT] = {"scalar", "avx2", "avxvnni", "avx512", "neon"};
// In the order of qk_kernel_table.
static const char *const kernel_names[] = {"embed",    "norm",     "linear", "conv",      "scan",
                                           "hadamard", "quantize", "select", "head_scan", "time_step",
                                           "gate",     "attend",   "route",  "dispatch",  "combine"};
#define KERNEL_COUNT (sizeof kernel_names / sizeof *kernel_names)
_Static_assert(sizeof(qk_kernel_table) == KERNEL_COUNT * sizeof(qk_kernel), "every kernel has its name");

static void fail(int code, const char *what) {
  fprintf(stderr, "replay: %s\n", what);
  exit(code);
}

static void *get_memory(uint64_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!memory)
    fail(71, "no memory");
  return memset(memory, 0, (bytes + 127) / 64 * 64);
}

uint64_t digest(uint64_t h, const void *bytes, uint64_t count) {
  const uint8_t *next = bytes;
  for (; count > 0; next += 8) {
    uint64_t word = 0;
    const uint64_t size = count < 8 ? count : 8;
    memcpy(&word, next, size);
    count -= size;
    h = (h ^ word) * 0x100000001b3u;
  }
  return h;
}

// Where what lay at an address lies now, or NULL.
static void *place_of(uint64_t address) {
  for (const region *r = regions + region_count; r-- > regions;)
    if (address - r->was.address < r->was.bytes)
      return r->here + (address - r->was.address);
  return NULL;
}

static void *needed_place(uint64_t address) {
  void *place = place_of(address);
  if (!place)
    fail(65, "an address lies in no memory");
  return place;
}

static void correct_addresses(uint8_t *memory, uint64_t bytes) {
  for (uint64_t i = 0; i + 8 <= bytes; i += 8) {
    uint64_t word;
    memcpy(&word, memory + i, sizeof word);
    void *place = place_of(word);
    if (place)
      memcpy(memory + i, &place, sizeof place);
  }
}

static void bind_step(qk_step *step) {
  const uintptr_t index = (uintptr_t)step->kernel;
  if (index >= KERNEL_COUNT)
    fail(65, "a step has no kernel");
  memcpy(&step->kernel, (const qk_kernel *)kernels + index, sizeof step->kernel);
  step->scratch = scratch;
}

static void take_memory(record was, FILE *file) {
  uint8_t *here = get_memory(was.bytes);
  if (region_count == MOST_REGIONS)
    fail(65, "too much memory");
  if (fread(here, 1, was.bytes, file) != was.bytes)
    fail(65, "the file ends early");
  if (was.use == USE_ADDRESSES || was.use == USE_STEPS)
    correct_addresses(here, was.bytes);
  for (uint64_t i = 0; was.use == USE_STEPS && i < was.bytes / sizeof(qk_step); i++)
    bind_step((qk_step *)(void *)here + i);
  regions[region_count++] = (region){was, here};
}

static uint64_t values_digest(void) {
  uint64_t h = DIGEST_START;
  for (size_t i = 0; i < region_count; i++)
    if (regions[i].was.use == USE_VALUES)
      h = digest(h, regions[i].here, regions[i].was.bytes);
  return h;
}

static const char *name_of(const qk_step *step) {
  for (size_t i = 0; i < KERNEL_COUNT; i++)
    if (memcmp(&step->kernel, (const qk_kernel *)kernels + i, sizeof step->kernel) == 0)
      return kernel_names[i];
  return "?";
}

// As much for each thread as the hungriest step needs.
static void get_scratch(const qk_step *steps, uint64_t count, uint32_t rows) {
  size_t most = 0;
  for (uint64_t i = 0; i < count; i++) {
    const size_t needed = qk_scratch_bytes(steps + i, rows);
    most = needed > most ? needed : most;
  }
  for (uint32_t i = 0; i < threads; i++) {
    free(scratch[i]);
    scratch[i] = get_memory(most);
  }
}

// One step after the other where they are shown, else all at once.
static void run(run_record was, unsigned number) {
  const qk_step *steps = needed_place(was.steps);
  const qk_call *call = needed_place(was.call);
  get_scratch(steps, was.count, call->rows);
  if (!shows_steps)
    qk_pool_run(pool, steps, was.count, call);
  for (uint64_t i = 0; shows_steps && i < was.count; i++) {
    qk_pool_run(pool, steps + i, 1, call);
    printf("run %u step %u %s: %016llx\n", number, (unsigned)i, name_of(steps + i),
           (unsigned long long)values_digest());
  }
  printf("run %u: %016llx\n", number, (unsigned long long)values_digest());
}

static void replay(FILE *file) {
  record next;
  run_record run_next;
  unsigned runs = 0;
  while (fread(&next, sizeof next, 1, file) == 1)
    if (next.kind == RECORD_MEMORY)
      take_memory(next, file);
    else if (fread(&run_next, sizeof run_next, 1, file) == 1)
      run(run_next, runs++);
    else
      fail(65, "the file ends early");
}

static enum qk_isa named_set(const char *name) {
  for (int set = 0; set < QK_ISA_COUNT; set++)
    if (strcmp(name, set_names[set]) == 0 && qk_isa_supported((enum qk_isa)set))
      return (enum qk_isa)set;
  fail(69, "the processor has no such instruction set");
  return QK_SCALAR;
}

static void print_sets(void) {
  for (int set = 0; set < QK_ISA_COUNT; set++)
    if (qk_isa_supported((enum qk_isa)set))
      printf("%s%s\n", set_names[set], (enum qk_isa)set == qk_isa_best() ? " best" : "");
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "sets") == 0)
    return print_sets(), 0;
  if (count == 3 && strcmp(arguments[1], "helpers") == 0) {
    qk_testing_force_helpers(named_set(arguments[2]));
    return print_helpers(), 0;
  }
  if (count == 3 && strcmp(arguments[1], "products") == 0)
    return print_products(qk_kernels(named_set(arguments[2]))), 0;
  if (count == 3 && strcmp(arguments[1], "kernels") == 0)
    return print_kernels(qk_kernels(named_set(arguments[2]))), 0;
  if (count != 4 && count != 5)
    fail(64, "usage: replay sets | helpers SET | kernels SET | products SET | FILE SET THREADS [steps]");
  kernels = qk_kernels(named_set(arguments[2]));
  threads = (uint32_t)atoi(arguments[3]);
  shows_steps = count == 5;
  pool = threads > 0 && threads <= MOST_THREADS ? qk_pool_create(threads) : NULL;
  FILE *file = fopen(arguments[1], "rb");
  if (!pool || !file)
    fail(66, "no threads, or no file");
  replay(file);
  fclose(file);
  qk_pool_destroy(pool);
  return 0;
}
