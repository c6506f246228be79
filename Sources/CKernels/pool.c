// A pool of threads that run steps in lock step, meeting at one barrier that spins, then sleeps.
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "internal.h"

#define QK_CACHE_LINE 64
#define QK_SPINS 2000

typedef struct worker {
  pthread_t handle;
  qk_pool *pool;
  uint32_t thread;
} worker;

struct qk_pool {
  uint32_t threads;
  worker *workers; // [threads - 1]
  // The job, written by thread 0 while the others wait at the barrier.
  const qk_step *steps;
  size_t count;
  const qk_call *call;
  bool stop;
  // The barrier.
  _Alignas(QK_CACHE_LINE) _Atomic uint32_t arrived;
  _Alignas(QK_CACHE_LINE) _Atomic uint32_t generation;
  _Atomic uint32_t sleepers;
};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb"); // most processors do not wait at all at a `yield`
#endif
}

static void futex(_Atomic uint32_t *word, int operation, uint32_t value) {
  syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void barrier(qk_pool *pool) {
  const uint32_t generation = atomic_load_explicit(&pool->generation, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&pool->arrived, 1, memory_order_acq_rel) + 1 == pool->threads) {
    atomic_store_explicit(&pool->arrived, 0, memory_order_relaxed);
    atomic_store(&pool->generation, generation + 1);
    if (atomic_load(&pool->sleepers) > 0)
      futex(&pool->generation, FUTEX_WAKE, INT_MAX);
    return;
  }
  for (uint32_t i = 0; i < QK_SPINS; i++) {
    if (atomic_load_explicit(&pool->generation, memory_order_acquire) != generation)
      return;
    pause_briefly();
  }
  // Announced before the word is read again: the last to arrive sees the sleeper, or the sleeper the new
  // word.
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(&pool->generation) == generation)
    futex(&pool->generation, FUTEX_WAIT, generation);
  atomic_fetch_sub(&pool->sleepers, 1);
}

// Rounding to nearest even, denormals kept, exceptions masked. Returns what was set before.
static uint64_t set_float_environment(void) {
#if defined(__x86_64__)
  const uint32_t before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(0x1f80);
  return before;
#elif defined(__aarch64__)
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(0ul));
  return before;
#else
  return 0;
#endif
}

static void restore_float_environment(uint64_t before) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr((uint32_t)before);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
  (void)before;
#endif
}

static void run_steps(qk_pool *pool, uint32_t thread) {
  const qk_step *end = pool->steps + pool->count;
  for (const qk_step *step = pool->steps; step < end; step++) {
    if (step->barrier)
      barrier(pool);
    if (!step->call)
      step->kernel(step, pool->call, thread, pool->threads);
    else if (step->call->rows > 0)
      step->kernel(step, step->call, thread, pool->threads);
  }
}

static void *work(void *argument) {
  const worker *self = argument;
  set_float_environment();
  for (;;) {
    barrier(self->pool);
    if (self->pool->stop)
      return NULL;
    run_steps(self->pool, self->thread);
    barrier(self->pool);
  }
}

// Starts the workers with every signal blocked, so that the process's handlers run elsewhere. Returns how
// many started.
static uint32_t start_workers(qk_pool *pool) {
  sigset_t all, before;
  uint32_t started = 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (; started + 1 < pool->threads; started++) {
    worker *w = &pool->workers[started];
    *w = (worker){.pool = pool, .thread = started + 1};
    if (pthread_create(&w->handle, NULL, work, w) != 0)
      break;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

// Ends the first `count` workers, all of which wait at the barrier or soon will.
static void stop_workers(qk_pool *pool, uint32_t count) {
  pool->stop = true;
  for (uint32_t missing = count + 1; missing < pool->threads; missing++)
    atomic_fetch_add(&pool->arrived, 1);
  barrier(pool);
  for (uint32_t i = 0; i < count; i++)
    pthread_join(pool->workers[i].handle, NULL);
}

qk_pool *qk_pool_create(uint32_t threads) {
  qk_pool *pool = aligned_alloc(QK_CACHE_LINE, sizeof(qk_pool));
  if (!pool)
    return NULL;
  *pool = (qk_pool){.threads = threads};
  pool->workers = calloc(threads, sizeof(worker));
  const uint32_t started = pool->workers ? start_workers(pool) : 0;
  if (pool->workers && started + 1 == threads)
    return pool;
  stop_workers(pool, started);
  free(pool->workers);
  free(pool);
  return NULL;
}

void qk_pool_destroy(qk_pool *pool) {
  if (!pool)
    return;
  stop_workers(pool, pool->threads - 1);
  free(pool->workers);
  free(pool);
}

void qk_pool_run(qk_pool *pool, const qk_step *steps, size_t count, const qk_call *call) {
  const uint64_t before = set_float_environment();
  pool->steps = steps;
  pool->count = count;
  pool->call = call;
  barrier(pool);
  run_steps(pool, 0);
  barrier(pool);
  restore_float_environment(before);
}
