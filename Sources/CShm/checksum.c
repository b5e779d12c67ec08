#include "CShm.h"

#include <pthread.h>
#include <string.h>

// CRC-32C (Castagnoli), reflected, by the processor's instruction if available.
#define POLYNOMIAL 0x82f63b78u

static uint32_t by_table(uint32_t crc, const unsigned char *bytes, size_t count) {
  static uint32_t table[256];
  static int made;
  if (!__atomic_load_n(&made, __ATOMIC_ACQUIRE)) {
    // Two threads may both make it: they write the same numbers.
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ POLYNOMIAL : value >> 1;
      __atomic_store_n(&table[i], value, __ATOMIC_RELAXED);
    }
    __atomic_store_n(&made, 1, __ATOMIC_RELEASE);
  }
  while (count--) crc = crc >> 8 ^ table[(crc ^ *bytes++) & 255];
  return crc;
}

#if defined(__x86_64__)
// The instruction takes three cycles, and three of them overlap: blocks are taken three at a time.
#define BLOCK 1024

// What a checksum becomes by BLOCK zero bytes after it, for each value of each of its bytes.
static uint32_t shifted[4][256];

__attribute__((target("sse4.2"))) static void make_shifted(void) {
  for (int byte = 0; byte < 4; byte++)
    for (uint32_t value = 0; value < 256; value++) {
      uint64_t crc = value << 8 * byte;
      for (int zeros = 0; zeros < BLOCK; zeros += 8) crc = __builtin_ia32_crc32di(crc, 0);
      shifted[byte][value] = (uint32_t)crc;
    }
}

static uint64_t shift(uint64_t crc) {
  return shifted[0][crc & 255] ^ shifted[1][crc >> 8 & 255] ^ shifted[2][crc >> 16 & 255] ^
         shifted[3][crc >> 24 & 255];
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc,
                                                                 const unsigned char *bytes,
                                                                 size_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  uint64_t wide = crc, word;
  if (count >= 3 * BLOCK) pthread_once(&once, make_shifted);
  for (; count >= 3 * BLOCK; bytes += 3 * BLOCK, count -= 3 * BLOCK) {
    uint64_t second = 0, third = 0;
    for (size_t at = 0; at < BLOCK; at += 8) {
      memcpy(&word, bytes + at, sizeof word);
      wide = __builtin_ia32_crc32di(wide, word);
      memcpy(&word, bytes + BLOCK + at, sizeof word);
      second = __builtin_ia32_crc32di(second, word);
      memcpy(&word, bytes + 2 * BLOCK + at, sizeof word);
      third = __builtin_ia32_crc32di(third, word);
    }
    wide = shift(shift(wide) ^ second) ^ third;
  }
  for (; count >= 8; bytes += 8, count -= 8) {
    memcpy(&word, bytes, sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = (uint32_t)wide;
  while (count--) crc = __builtin_ia32_crc32qi(crc, *bytes++);
  return crc;
}
#endif

uint32_t cshm_crc32c(uint32_t checksum, const void *bytes, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~by_instruction(~checksum, bytes, count);
#endif
  return ~by_table(~checksum, bytes, count);
}
