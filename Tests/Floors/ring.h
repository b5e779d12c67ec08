// The ring of the library in C, between two processes, without its checks of the peer, its control messages
// and its outcomes. The programs of this directory that measure its floor share it.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CAPACITY = 4 << 20, CHUNK = 256 << 10, MESSAGE = 1 << 20, SPINS = 2000 };

struct side {
  _Alignas(128) _Atomic uint64_t position;
  _Alignas(128) _Atomic uint64_t waits;
};
struct header {
  struct side writer, reader;
};

static struct header *header;
static char *ring;
static int data_event, space_event;

// Each end has a processor of its own, where there are two, as the measured ends have.
static void keep_to(int last) {
  cpu_set_t all, one;
  int processor = -1;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET(i, &all) && (last || processor < 0)) processor = i;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  sched_setaffinity(0, sizeof one, &one);
}

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void pause_a_moment(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void make_ring(void) {
  int file = memfd_create("floor", MFD_CLOEXEC);
  check(file >= 0 && ftruncate(file, 4096 + CAPACITY) == 0, "memfd");
  check(posix_fallocate(file, 0, 4096 + CAPACITY) == 0, "fallocate");
  char *base = mmap(NULL, 4096 + 2 * CAPACITY, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(base != MAP_FAILED, "mmap");
  int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED;
  check(mmap(base, 4096, prot, flags, file, 0) != MAP_FAILED, "mmap");
  ring = base + 4096;
  check(mmap(ring, CAPACITY, prot, flags, file, 4096) != MAP_FAILED, "mmap");
  check(mmap(ring + CAPACITY, CAPACITY, prot, flags, file, 4096) != MAP_FAILED, "mmap");
  header = (struct header *)base;
  data_event = eventfd(0, 0);
  space_event = eventfd(0, 0);
}

static void ring_event(int event) {
  uint64_t one = 1;
  check(write(event, &one, 8) == 8, "write");
}

static void wait_event(int event) {
  uint64_t count;
  while (read(event, &count, 8) < 0) check(errno == EINTR, "read");
}

// Both wait until `need` bytes of room, or of data, are there; 0 for the end.
static uint64_t room(uint64_t own, uint64_t need) {
  for (int spin = 0;; spin++) {
    uint64_t free = CAPACITY - (own - atomic_load_explicit(&header->reader.position, memory_order_acquire));
    if (free >= need) return free;
    if (spin < SPINS) {
      pause_a_moment();
      continue;
    }
    atomic_store(&header->writer.waits, 1);
    if (CAPACITY - (own - atomic_load(&header->reader.position)) < need) wait_event(space_event);
    atomic_store(&header->writer.waits, 0);
  }
}

static uint64_t available(uint64_t own, uint64_t need, uint64_t total) {
  if (own == total) return 0;
  for (int spin = 0;; spin++) {
    uint64_t there = atomic_load_explicit(&header->writer.position, memory_order_acquire) - own;
    if (there >= need || own + there == total) return there;
    if (spin < SPINS) {
      pause_a_moment();
      continue;
    }
    atomic_store(&header->reader.waits, 1);
    if (atomic_load(&header->writer.position) - own < need) wait_event(data_event);
    atomic_store(&header->reader.waits, 0);
  }
}

static void publish(uint64_t position) {
  atomic_store(&header->writer.position, position);
  if (atomic_load(&header->reader.waits) && atomic_exchange(&header->reader.waits, 0))
    ring_event(data_event);
}

static void release(uint64_t position) {
  atomic_store(&header->reader.position, position);
  if (CAPACITY - (atomic_load(&header->writer.position) - position) < CAPACITY / 4) return;
  if (atomic_load(&header->writer.waits) && atomic_exchange(&header->writer.waits, 0))
    ring_event(space_event);
}
