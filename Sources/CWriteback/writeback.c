#define _GNU_SOURCE
#include "cwriteback.h"

#include <fcntl.h>

void cwriteback_start(int descriptor, int64_t offset, int64_t count) {
  (void)sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}
