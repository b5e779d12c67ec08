#include "CShmTool.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// These functions take the place of the C library's in the whole program. A release is linked
// statically, so the linker redirects the calls (--wrap, in Package.swift). Otherwise the program's own
// functions come before those of the shared C library, which has a second name for each of them.
#ifdef CSHMTOOL_WRAPPED
#define REPLACED(name) __wrap_##name
#define ORIGINAL(name) __real_##name
#else
#define REPLACED(name) name
#define ORIGINAL(name) __libc_##name
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
// A sanitizer has its own allocator.
#define HAS_ALLOCATOR
#endif
#endif

static atomic_int exit_status;
// For the error as JSON; set before the exit status
static char error_code[32];
static int schema_version;

// Whether the words of the command before `--` request JSON, as JSONRequest decides for words that are not parsed
static int requests_json(void) {
  const char *word;
  for (int index = 1; (word = cshmtool_argument(index)) && strcmp(word, "--") != 0; index++) {
    if (strcmp(word, "--json") == 0) return 1;
    if (word[0] != '-' || !strchr(word, 'J')) continue;
    const char *letter = word + 1;
    while (*letter >= 'A' && *letter <= 'z') letter++;
    if (!*letter) return 1;
  }
  return 0;
}

// Calls nothing that allocates.
static _Noreturn void fail(size_t size, int status) {
  // One thread speaks and ends the process.
  static atomic_flag has_failed = ATOMIC_FLAG_INIT;
  while (atomic_flag_test_and_set(&has_failed)) pause();
  const struct {
    int resource;
    const char *words;
  } kinds[] = {{RLIMIT_AS, "address space ('ulimit -v'"}, {RLIMIT_DATA, "data ('ulimit -d'"}};
  char reason[100], hint[250], text[1000];
  snprintf(reason, sizeof reason, "cannot allocate %zu bytes: out of memory", size);
  size_t used = 0;
  for (size_t index = 0; index < sizeof kinds / sizeof kinds[0]; index++) {
    struct rlimit limit;
    if (getrlimit(kinds[index].resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) continue;
    used += (size_t)snprintf(hint + used, sizeof hint - used, "%s the limit on this process's %s, now %llu KiB)",
                             used ? " or" : "raise", kinds[index].words,
                             (unsigned long long)limit.rlim_cur / 1024);
  }
  snprintf(hint + used, sizeof hint - used, "%sfree memory", used ? ", or " : "");
  used = (size_t)snprintf(text, sizeof text, "shmtool: %s; %s\n", reason, hint);
  // The keys are sorted as in all JSON. The texts have no character that JSON escapes.
  if (requests_json())
    used += (size_t)snprintf(
        text + used, sizeof text - used,
        "{\"error\":{\"code\":\"%s\",\"exit_status\":%d,\"hint\":\"%s\",\"message\":\"%s\",\"region\":null},"
        "\"schema\":%d}\n",
        error_code, status, hint, reason, schema_version);
  if (write(STDERR_FILENO, text, used) < 0) {
    // Then only the exit status reports the error.
  }
  _exit(status);
}

void cshmtool_exit_if_exhausted(int status, const char *code, int schema) {
  // With a limit on address space (RLIMIT_AS), all threads share one heap, because a separate heap reserves 64 MiB of
  // address space for each thread. If the heap cannot be reserved, malloc maps a page for each allocation of that
  // thread. Without a limit, separate heaps are faster, because threads do not wait for each other.
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY) mallopt(M_ARENA_MAX, 1);
  snprintf(error_code, sizeof error_code, "%s", code);
  schema_version = schema;
  atomic_store(&exit_status, status);
}

#ifndef HAS_ALLOCATOR

static void *checked(void *memory, size_t size) {
  if (memory || size == 0) return memory;
  int status = atomic_load_explicit(&exit_status, memory_order_relaxed);
  if (status) fail(size, status);
  return NULL;
}

void *ORIGINAL(malloc)(size_t size);
void *ORIGINAL(calloc)(size_t count, size_t size);
void *ORIGINAL(realloc)(void *memory, size_t size);
void *ORIGINAL(memalign)(size_t alignment, size_t size);

void *REPLACED(malloc)(size_t size) { return checked(ORIGINAL(malloc)(size), size); }

void *REPLACED(calloc)(size_t count, size_t size) {
  size_t all;
  if (__builtin_mul_overflow(count, size, &all)) all = SIZE_MAX;
  return checked(ORIGINAL(calloc)(count, size), all);
}

void *REPLACED(realloc)(void *memory, size_t size) {
  return checked(ORIGINAL(realloc)(memory, size), size);
}

void *REPLACED(memalign)(size_t alignment, size_t size) {
  return checked(ORIGINAL(memalign)(alignment, size), size);
}

void *REPLACED(aligned_alloc)(size_t alignment, size_t size) {
  return checked(ORIGINAL(memalign)(alignment, size), size);
}

int REPLACED(posix_memalign)(void **out, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) || __builtin_popcountll(alignment) != 1) return EINVAL;
  int before = errno;
  void *memory = checked(ORIGINAL(memalign)(alignment, size), size);
  errno = before;
  if (!memory) return ENOMEM;
  *out = memory;
  return 0;
}

#endif
