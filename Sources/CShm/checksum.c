#include "CShm.h"

#include <string.h>

// CRC-32C (Castagnoli), reflected, by the processor's instruction where there is one.
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
__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc,
                                                                 const unsigned char *bytes,
                                                                 size_t count) {
  uint64_t wide = crc;
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
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
