// The least that a copy from a process into a region can be: one mapping, the one call, no checks.
// Scripts/bench compares shmtool with it.
//
//   floor hold SIZE                      memory to copy: prints PID and address, waits for the end of stdin
//   floor copy PID ADDRESS FILE SIZE     copies it into the file's pages
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static void *map(int descriptor, size_t size, int flags) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return memory;
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "hold") == 0) {
    size_t size = strtoull(words[2], NULL, 0);
    unsigned char *memory = map(-1, size, MAP_PRIVATE | MAP_ANONYMOUS);
    for (size_t i = 0; i < size; i += 8) *(size_t *)(memory + i) = i * 0x9E3779B97F4A7C15;
    printf("%d 0x%zx\n", getpid(), (size_t)memory);
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
  }
  if (count == 6 && strcmp(words[1], "copy") == 0) {
    size_t size = strtoull(words[5], NULL, 0), done = 0;
    size_t address = strtoull(words[3], NULL, 0);
    int file = open(words[4], O_RDWR | O_CLOEXEC);
    unsigned char *memory = map(file, size, MAP_SHARED);
    while (done < size) {
      struct iovec to = {memory + done, size - done}, from = {(void *)(address + done), size - done};
      ssize_t copied = process_vm_readv(atoi(words[2]), &to, 1, &from, 1, 0);
      if (copied <= 0) {
        perror("process_vm_readv");
        return 1;
      }
      done += (size_t)copied;
    }
    return 0;
  }
  fprintf(stderr, "floor: hold SIZE, or copy PID ADDRESS FILE SIZE\n");
  return 64;
}
