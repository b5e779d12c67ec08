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
#define HAS_INSTRUCTION 1
#define TARGET __attribute__((target("sse4.2")))
#define ADD_WORD(crc, word) __builtin_ia32_crc32di(crc, word)
#define ADD_BYTE(crc, byte) __builtin_ia32_crc32qi(crc, byte)

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#include <asm/hwcap.h>
#include <sys/auxv.h>

#define HAS_INSTRUCTION 1
#define TARGET
#define ADD_WORD(crc, word) add_word((uint32_t)(crc), word)
#define ADD_BYTE(crc, byte) add_byte(crc, byte)

// The compilers name the functions for these instructions differently, and need an option for them.
static inline uint32_t add_word(uint32_t crc, uint64_t word) {
  __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
  return crc;
}

static inline uint32_t add_byte(uint32_t crc, unsigned char byte) {
  __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"((uint32_t)byte));
  return crc;
}

static int has_instruction(void) { return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0; }
#endif

#if defined(HAS_INSTRUCTION)
// The instruction takes three cycles, and three of them overlap: blocks are taken three at a time.
#define BLOCK 1024

// What a checksum becomes by BLOCK zero bytes after it, for each value of each of its bytes.
static uint32_t shifted[4][256];

TARGET static void make_shifted(void) {
  for (int byte = 0; byte < 4; byte++)
    for (uint32_t value = 0; value < 256; value++) {
      uint64_t crc = value << 8 * byte;
      for (int zeros = 0; zeros < BLOCK; zeros += 8) crc = ADD_WORD(crc, 0);
      shifted[byte][value] = (uint32_t)crc;
    }
}

static uint64_t shift(uint64_t crc) {
  return shifted[0][crc & 255] ^ shifted[1][crc >> 8 & 255] ^ shifted[2][crc >> 16 & 255] ^
         shifted[3][crc >> 24 & 255];
}

TARGET static uint32_t by_instruction(uint32_t crc, const unsigned char *bytes, size_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  uint64_t wide = crc, word;
  if (count >= 3 * BLOCK) pthread_once(&once, make_shifted);
  for (; count >= 3 * BLOCK; bytes += 3 * BLOCK, count -= 3 * BLOCK) {
    uint64_t second = 0, third = 0;
    for (size_t at = 0; at < BLOCK; at += 8) {
      memcpy(&word, bytes + at, sizeof word);
      wide = ADD_WORD(wide, word);
      memcpy(&word, bytes + BLOCK + at, sizeof word);
      second = ADD_WORD(second, word);
      memcpy(&word, bytes + 2 * BLOCK + at, sizeof word);
      third = ADD_WORD(third, word);
    }
    wide = shift(shift(wide) ^ second) ^ third;
  }
  for (; count >= 8; bytes += 8, count -= 8) {
    memcpy(&word, bytes, sizeof word);
    wide = ADD_WORD(wide, word);
  }
  crc = (uint32_t)wide;
  while (count--) crc = ADD_BYTE(crc, *bytes++);
  return crc;
}
#endif

uint32_t cshm_crc32c(uint32_t checksum, const void *bytes, size_t count) {
#if defined(HAS_INSTRUCTION)
  if (has_instruction()) return ~by_instruction(~checksum, bytes, count);
#endif
  return ~by_table(~checksum, bytes, count);
}
