// Handing written bytes to the disk early; Swift's Glibc module does not have the call.
#ifndef CWRITEBACK_H
#define CWRITEBACK_H

#include <stdint.h>

// Begins to write `count` bytes at `offset` to the disk and returns at once. A hint: errors show at fsync.
void cwriteback_start(int descriptor, int64_t offset, int64_t count);

#endif
