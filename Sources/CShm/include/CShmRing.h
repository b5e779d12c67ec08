// What the two ends of a stream share, byte by byte. The guide "The stream protocol" of the library
// says the same in words; a change of either is a change of CSHM_RING_VERSION.

#ifndef CSHM_RING_H
#define CSHM_RING_H

#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus)
extern "C" {
#endif

// "shmring1", little-endian
#define CSHM_RING_MAGIC 0x31676e69726d6873ull
#define CSHM_RING_VERSION 1u
// The most receivers of a stream
#define CSHM_RING_RECEIVERS 16
// Two cache lines: processors fetch them in pairs.
#define CSHM_RING_LINE 128

// One receiver's part. It alone writes it.
struct cshm_ring_receiver {
  // The bytes it has taken, from 0 on; never less than before, never more than the sender's
  // position, never less than that by more than the capacity. Stored with release after the bytes
  // were copied out; the sender loads it with acquire before it writes over them.
  uint64_t position;
  uint8_t pad0[CSHM_RING_LINE - 8];
  // 1 from before it looks for bytes the last time; back to 0 by the sender, which then wakes it, or
  // by itself. Sequentially consistent on both sides, as is the sender's store of its position before
  // it looks here: either the receiver sees the bytes, or the sender sees the flag.
  uint64_t waits;
  uint8_t pad1[CSHM_RING_LINE - 8];
};

struct cshm_ring {
  // Written once by the sender before anybody else has the memory.
  uint64_t magic;
  uint32_t version;
  uint32_t receivers;
  // The bytes of the ring, a power of two. Where they begin in the file is said at the
  // meeting: behind this header, on a page.
  uint64_t capacity;
  uint8_t pad0[CSHM_RING_LINE - 24];
  // The bytes that have been put in, from 0 on. The sender alone writes it, with release after the
  // bytes; receivers load it with acquire before they read them.
  uint64_t position;
  uint8_t pad1[CSHM_RING_LINE - 8];
  // 1 from before the sender looks for room the last time; else as the receivers' flags, the other
  // way round.
  uint64_t waits;
  uint8_t pad2[CSHM_RING_LINE - 8];
  struct cshm_ring_receiver receiver[CSHM_RING_RECEIVERS];
};

_Static_assert(sizeof(struct cshm_ring_receiver) == 256, "two cache-line pairs a receiver");
_Static_assert(offsetof(struct cshm_ring, capacity) == 16, "the capacity");
_Static_assert(offsetof(struct cshm_ring, position) == 128, "the sender's position");
_Static_assert(offsetof(struct cshm_ring, waits) == 256, "the sender's flag");
_Static_assert(offsetof(struct cshm_ring, receiver) == 384, "the receivers");
_Static_assert(offsetof(struct cshm_ring_receiver, waits) == 128, "a receiver's flag");
_Static_assert(sizeof(struct cshm_ring) == 4480, "the header");

#if defined(__cplusplus)
}
#endif
#endif
