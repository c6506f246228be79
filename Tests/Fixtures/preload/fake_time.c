// Preloaded: every clock stands in the year 2001 and runs backwards, one second for each look at it. A
// program that looks leaves a file of its name in the directory FAKE_TIME_MARKS.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static atomic_long looks;

static void leave_mark(void) {
  const char *directory = getenv("FAKE_TIME_MARKS");
  char path[PATH_MAX];
  if (!directory)
    return;
  snprintf(path, sizeof path, "%s/%s", directory, program_invocation_short_name);
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file >= 0)
    close(file);
}

static time_t now(void) {
  long look = atomic_fetch_add(&looks, 1);
  if (look == 0)
    leave_mark();
  return 1000000000 - look;
}

time_t time(time_t *out) {
  time_t seconds = now();
  if (out)
    *out = seconds;
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  (void)clock;
  *out = (struct timespec){.tv_sec = now()};
  return 0;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  (void)zone;
  *out = (struct timeval){.tv_sec = now()};
  return 0;
}
