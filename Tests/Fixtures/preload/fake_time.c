// Preloaded: every clock stands in the year 2001 and runs backwards, one second for each look at it.
#define _GNU_SOURCE
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

static atomic_long looks;

static time_t now(void) {
  return 1000000000 - atomic_fetch_add(&looks, 1);
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
