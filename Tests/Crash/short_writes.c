// Preloaded: every write does about half of what it is asked for, and every third one is interrupted first.
// Once a pwrite was cut short, there is the file SHORT_WRITES_MARK.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
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

static void leave_mark(void) {
  static atomic_flag is_left = ATOMIC_FLAG_INIT;
  const char *path = getenv("SHORT_WRITES_MARK");
  if (!path || atomic_flag_test_and_set(&is_left))
    return;
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file >= 0)
    close(file);
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
  if (is_interrupted())
    return -1;
  if (count > 2)
    leave_mark();
  return next(file, bytes, half(count), offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) {
  return pwrite(file, bytes, count, offset);
}
