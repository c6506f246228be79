// Preloaded: every write does about half of what it is asked for, and every third one is interrupted first.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_uint calls;

static int is_interrupted(void) {
  if (atomic_fetch_add(&calls, 1) % 3 != 2)
    return 0;
  errno = EINTR;
  return 1;
}

static size_t half(size_t count) {
  return count > 1 ? count / 2 + 1 : count;
}

ssize_t write(int file, const void *bytes, size_t count) {
  static ssize_t (*next)(int, const void *, size_t);
  if (!next)
    next = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  return is_interrupted() ? -1 : next(file, bytes, half(count));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  static ssize_t (*next)(int, const void *, size_t, off_t);
  if (!next)
    next = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  return is_interrupted() ? -1 : next(file, bytes, half(count), offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) {
  return pwrite(file, bytes, count, offset);
}
