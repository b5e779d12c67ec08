// The floor of what records cost: the format of the library in the same ring in C, and a queue without fences.
// Built by Scripts/bench.
//
//   records ring SIZE COUNT BATCH   records of SIZE bytes, BATCH of them for each publication and for each
//                                   release; every word is read; prints nanoseconds a record
//   records queue SIZE COUNT        the same in slots of SIZE bytes, by one producer and one consumer that
//                                   only spin, so that no fence is needed
//   records rounds COUNT            records of 64 bytes there and back through two rings; prints nanoseconds
//                                   a round

#include "ring.h"

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
  if (count == 5 && !strcmp(words[1], "ring"))
    records(strtoull(words[2], NULL, 10), strtoull(words[3], NULL, 10), strtoull(words[4], NULL, 10));
  else if (count == 4 && !strcmp(words[1], "queue"))
    queue(strtoull(words[2], NULL, 10), strtoull(words[3], NULL, 10));
  else if (count == 3 && !strcmp(words[1], "rounds"))
    rounds(atol(words[2]));
  else
    return 64;
  return 0;
}
