// Counts what a process allocates on its heap, from whatever library and thread.
#ifndef QK_COUNTING_ALLOCATOR_H
#define QK_COUNTING_ALLOCATOR_H

#include <stdint.h>

// Allocations since the process began; a resized block counts again.
uint64_t qk_allocation_count(void);

#endif
