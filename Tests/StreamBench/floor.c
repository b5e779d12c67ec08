// The floor of what a ring can do: the same ring as ShmCore's in C, between two processes, without its
// checks of the peer, its control messages and its outcomes. Built by Scripts/bench-streams.
//
//   floor files FROM TO     FROM to TO, which is there: read(2) into the ring, write(2) out of it
//   floor messages COUNT    messages of 1 MiB, copied in and read word by word; prints nanoseconds
//   floor spin COUNT        64 bytes there and back, each way over two cache lines, that of the bytes and
//                           that of the turn; prints nanoseconds a round
//   floor pipe COUNT        the same through two pipes
//   floor records SIZE COUNT BATCH   records of SIZE bytes in the format of the library, BATCH of them
//                           for each publication; every word is read; prints nanoseconds a record
//   floor queue SIZE COUNT  the same as slots of SIZE bytes in a queue of one producer and one consumer
//                           that only spin, so that no fence is needed
//   floor rounds COUNT      records of 64 bytes there and back through two rings; prints nanoseconds a round

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

static void files(const char *from, const char *to) {
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY);
  check(in >= 0 && out >= 0, "open");
  off_t size = lseek(in, 0, SEEK_END);
  lseek(in, 0, SEEK_SET);
  make_ring();
  if (fork() == 0) {
    uint64_t own = 0, count;
    while ((count = available(own, 1, (uint64_t)size))) {
      ssize_t written = write(out, ring + own % CAPACITY, count < CHUNK ? count : CHUNK);
      check(written > 0, "write");
      release(own += (uint64_t)written);
    }
    _exit(0);
  }
  uint64_t own = 0;
  while (own < (uint64_t)size) {
    uint64_t free = room(own, 1);
    ssize_t count = read(in, ring + own % CAPACITY, free < CHUNK ? free : CHUNK);
    check(count > 0, "read");
    publish(own += (uint64_t)count);
  }
  int status;
  check(wait(&status) > 0 && status == 0, "wait");
}

static void messages(uint64_t count) {
  static char source[MESSAGE];
  for (int i = 0; i < MESSAGE; i++) source[i] = (char)i;
  uint64_t total = count * MESSAGE;
  make_ring();
  pid_t child = fork();
  keep_to(child != 0);
  if (child == 0) {
    uint64_t own = 0, sum = 0;
    while (available(own, MESSAGE, total)) {
      const uint64_t *words = (const uint64_t *)(ring + own % CAPACITY);
      for (int i = 0; i < MESSAGE / 8; i++) sum += words[i];
      release(own += MESSAGE);
    }
    _exit(sum == 0);
  }
  int64_t start = now();
  for (uint64_t own = 0; own < total;) {
    room(own, MESSAGE);
    memcpy(ring + own % CAPACITY, source, MESSAGE);
    publish(own += MESSAGE);
  }
  int status;
  check(wait(&status) > 0 && status == 0, "wait");
  printf("%lld\n", (long long)(now() - start));
}

static void spin(long count) {
  struct line {
    _Alignas(128) _Atomic uint64_t turn;
    _Alignas(128) char payload[64];
  } *lines = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(lines != MAP_FAILED, "mmap");
  char bytes[64] = {0};
  long rounds = count + count / 10;
  pid_t child = fork();
  keep_to(child != 0);
  if (child == 0) {
    for (long i = 1; i <= rounds; i++) {
      while (atomic_load_explicit(&lines[0].turn, memory_order_acquire) != (uint64_t)i) pause_a_moment();
      memcpy(lines[1].payload, lines[0].payload, 64);
      atomic_store_explicit(&lines[1].turn, (uint64_t)i, memory_order_release);
    }
    _exit(0);
  }
  int64_t start = 0;
  for (long i = 1; i <= rounds; i++) {
    if (i == count / 10 + 1) start = now();
    memcpy(lines[0].payload, bytes, 64);
    atomic_store_explicit(&lines[0].turn, (uint64_t)i, memory_order_release);
    while (atomic_load_explicit(&lines[1].turn, memory_order_acquire) != (uint64_t)i) pause_a_moment();
    memcpy(bytes, lines[1].payload, 64);
  }
  printf("%lld\n", (long long)(now() - start) / count);
}

static void whole(int file, char *bytes, int writing) {
  check((writing ? write(file, bytes, 64) : read(file, bytes, 64)) == 64, "pipe");
}

static void pipes(long count) {
  int there[2], back[2];
  char bytes[64] = {0};
  long rounds = count + count / 10;
  check(pipe(there) == 0 && pipe(back) == 0, "pipe");
  pid_t child = fork();
  keep_to(child != 0);
  if (child == 0) {
    for (long i = 0; i < rounds; i++) whole(there[0], bytes, 0), whole(back[1], bytes, 1);
    _exit(0);
  }
  int64_t start = 0;
  for (long i = 0; i < rounds; i++) {
    if (i == count / 10) start = now();
    whole(there[1], bytes, 1), whole(back[0], bytes, 0);
  }
  printf("%lld\n", (long long)(now() - start) / count);
}

// The words of all records, so that the compiler cannot leave them out.
static uint64_t sum_of(const char *bytes, uint64_t size) {
  uint64_t sum = 0, word;
  for (uint64_t i = 0; i < size; i += 8) {
    memcpy(&word, bytes + i, 8);
    sum += word;
  }
  return sum;
}

static char source[4096];

static void fill_source(void) {
  for (size_t i = 0; i < sizeof source; i++) source[i] = (char)(i + 1);
}

static void records(uint64_t size, uint64_t count, uint64_t batch) {
  uint64_t step = 8 + ((size + 7) & ~7ull), total = count * step;
  check(size <= sizeof source, "size");
  fill_source();
  make_ring();
  pid_t child = fork();
  keep_to(child != 0);
  if (child == 0) {
    uint64_t own = 0, there, sum = 0;
    while ((there = available(own, step, total))) {
      for (uint64_t end = own + there / step * step; own < end;) {
        const char *record = ring + own % CAPACITY;
        uint64_t length;
        memcpy(&length, record, 8);
        sum += sum_of(record + 8, length);
        own += step;
        if (batch == 1) release(own);
      }
      if (batch > 1) release(own);
    }
    _exit(sum == 0);
  }
  int64_t start = now();
  uint64_t own = 0, free = 0;
  for (uint64_t i = 1; i <= count; i++) {
    if (free < step) {
      if (batch > 1) publish(own);
      free = room(own, step);
    }
    char *record = ring + own % CAPACITY;
    memcpy(record, &size, 8);
    memcpy(record + 8, source, size);
    own += step;
    free -= step;
    if (i % batch == 0 || i == count) publish(own);
  }
  int status;
  check(wait(&status) > 0 && status == 0, "wait");
  printf("%.2f\n", (double)(now() - start) / (double)count);
}

static void queue(uint64_t size, uint64_t count) {
  uint64_t slots = CAPACITY / size;
  check(size <= sizeof source, "size");
  fill_source();
  make_ring();
  pid_t child = fork();
  keep_to(child != 0);
  if (child == 0) {
    uint64_t sum = 0, seen = 0;
    for (uint64_t own = 0, at = 0; own < count; own++) {
      while (seen == own) seen = atomic_load_explicit(&header->writer.position, memory_order_acquire);
      sum += sum_of(ring + at * size, size);
      if (++at == slots) at = 0;
      atomic_store_explicit(&header->reader.position, own + 1, memory_order_release);
    }
    _exit(sum == 0);
  }
  int64_t start = now();
  uint64_t seen = 0;
  for (uint64_t own = 0, at = 0; own < count; own++) {
    while (own - seen == slots) seen = atomic_load_explicit(&header->reader.position, memory_order_acquire);
    memcpy(ring + at * size, source, size);
    if (++at == slots) at = 0;
    atomic_store_explicit(&header->writer.position, own + 1, memory_order_release);
  }
  int status;
  check(wait(&status) > 0 && status == 0, "wait");
  printf("%.2f\n", (double)(now() - start) / (double)count);
}

// One record of 64 bytes through a ring of 64 KiB at `place`.
static void put_one(struct header *way, char *place, uint64_t *own, const char *bytes) {
  uint64_t length = 64;
  char *record = place + *own % 65536;
  memcpy(record, &length, 8);
  memcpy(record + 8, bytes, 64);
  atomic_store(&way->writer.position, *own += 72);
  if (atomic_load(&way->reader.waits)) ring_event(data_event);
}

static void take_one(struct header *way, const char *place, uint64_t *own, char *bytes) {
  while (atomic_load_explicit(&way->writer.position, memory_order_acquire) == *own) pause_a_moment();
  uint64_t length;
  memcpy(&length, place + *own % 65536, 8);
  memcpy(bytes, place + *own % 65536 + 8, length <= 64 ? length : 64);
  atomic_store_explicit(&way->reader.position, *own += 72, memory_order_release);
}

static void rounds(long count) {
  make_ring();
  struct header *back = header + 1;
  char *there_bytes = ring, *back_bytes = ring + CAPACITY / 2;
  char bytes[64] = {0};
  uint64_t sent = 0, taken = 0;
  long all = count + count / 10;
  pid_t child = fork();
  keep_to(child != 0);
  if (child == 0) {
    for (long i = 0; i < all; i++) {
      take_one(header, there_bytes, &taken, bytes);
      put_one(back, back_bytes, &sent, bytes);
    }
    _exit(0);
  }
  int64_t start = 0;
  for (long i = 0; i < all; i++) {
    if (i == count / 10) start = now();
    put_one(header, there_bytes, &sent, bytes);
    take_one(back, back_bytes, &taken, bytes);
  }
  int64_t end = now();
  int status;
  check(wait(&status) > 0 && status == 0, "wait");
  printf("%lld\n", (long long)(end - start) / count);
}

int main(int count, char **words) {
  if (count == 4 && !strcmp(words[1], "files"))
    files(words[2], words[3]);
  else if (count == 3 && !strcmp(words[1], "messages"))
    messages(strtoull(words[2], NULL, 10));
  else if (count == 3 && !strcmp(words[1], "spin"))
    spin(atol(words[2]));
  else if (count == 3 && !strcmp(words[1], "pipe"))
    pipes(atol(words[2]));
  else if (count == 5 && !strcmp(words[1], "records"))
    records(strtoull(words[2], NULL, 10), strtoull(words[3], NULL, 10), strtoull(words[4], NULL, 10));
  else if (count == 4 && !strcmp(words[1], "queue"))
    queue(strtoull(words[2], NULL, 10), strtoull(words[3], NULL, 10));
  else if (count == 3 && !strcmp(words[1], "rounds"))
    rounds(atol(words[2]));
  else
    return 64;
  return 0;
}
