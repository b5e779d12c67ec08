// The floor of what a ring can do: the same ring as ShmCore's in C, between two processes, without its
// checks of the peer, its control messages and its outcomes. Built by Scripts/bench.
//
//   floor files FROM TO     FROM to TO, which is there: read(2) into the ring, write(2) out of it
//   floor messages COUNT    messages of 1 MiB, copied in and read word by word; prints nanoseconds
//   floor spin COUNT        64 bytes there and back, each way over two cache lines, that of the bytes and
//                           that of the turn; prints nanoseconds a round
//   floor pipe COUNT        the same through two pipes
//   floor relay             what comes from stdin goes to stdout by splice(2), without a copy; both are pipes

#include "ring.h"

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

static void relay(void) {
  ssize_t moved;
  fcntl(0, F_SETPIPE_SZ, 1 << 20);
  fcntl(1, F_SETPIPE_SZ, 1 << 20);
  while ((moved = splice(0, NULL, 1, NULL, 1 << 20, SPLICE_F_MOVE)) > 0) continue;
  check(moved == 0, "splice");
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
  else if (count == 2 && !strcmp(words[1], "relay"))
    relay();
  else
    return 64;
  return 0;
}
