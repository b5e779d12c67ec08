// Compares the checksum with one that is computed bit by bit, for all short lengths and all alignments.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "CShm.h"

static uint32_t by_bit(const unsigned char *bytes, size_t count) {
  uint32_t crc = ~0u;
  while (count--) {
    crc ^= *bytes++;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
  }
  return ~crc;
}

int main(void) {
  enum { SIZE = 20000 };
  static unsigned char bytes[SIZE];
  srand(7);
  for (int i = 0; i < SIZE; i++) bytes[i] = (unsigned char)rand();
  int checked = 0;
  for (size_t start = 0; start < 9; start++)
    for (size_t count = 0; count + start <= SIZE; count += count < 80 ? 1 : 613) {
      size_t half = count / 3;
      uint32_t parts = cshm_crc32c(cshm_crc32c(0, bytes + start, half), bytes + start + half, count - half);
      uint32_t whole = cshm_crc32c(0, bytes + start, count), expected = by_bit(bytes + start, count);
      if (whole != expected || parts != expected) return printf("%zu+%zu: %x %x %x\n", start, count, expected, whole, parts), 1;
      checked++;
    }
  if (cshm_crc32c(0, "123456789", 9) != 0xe3069283u) return puts("the check value differs"), 1;
  printf("%d checksums agree\n", checked);
}
