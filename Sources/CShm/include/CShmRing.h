// The memory layout that the two ends of a stream share. The guide's page "The stream protocol" describes the
// same layout and the same memory ordering. Any change requires a new CSHM_RING_VERSION.

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
// The maximum number of receivers of a stream
#define CSHM_RING_RECEIVERS 16
// Two cache lines, because processors fetch them in pairs.
#define CSHM_RING_LINE 128

// The part of one receiver. Only that receiver writes its position.
struct cshm_ring_receiver {
  // The bytes consumed so far. It never decreases and never exceeds the sender's position, which is at most the
  // capacity ahead of it. The receiver stores it with release after it has read the bytes. The sender loads it
  // with acquire before it overwrites them.
  uint64_t position;
  uint8_t pad0[CSHM_RING_LINE - 8];
  // 1 while the receiver waits for bytes. The receiver stores 1 with release, then executes a sequentially
  // consistent fence, then loads the sender's position with acquire for the last time before it waits. The sender
  // stores its position with release, then executes the same fence, then loads this flag with acquire. So the
  // receiver sees the bytes or the sender sees the flag. The sender clears the flag by a sequentially consistent
  // exchange before it wakes the receiver. The receiver clears it with release when it stops waiting.
  uint64_t waits;
  uint8_t pad1[CSHM_RING_LINE - 8];
};

struct cshm_ring {
  // The sender writes these fields once, before another process has the memory.
  uint64_t magic;
  uint32_t version;
  uint32_t receivers;
  // The capacity of the ring in bytes, a power of two. The message "hello" contains the offset of the ring's
  // bytes in the file: after this header, at the start of a page.
  uint64_t capacity;
  uint8_t pad0[CSHM_RING_LINE - 24];
  // The bytes written so far. Only the sender stores it, with release after it has written the bytes. The
  // receivers load it with acquire before they read the bytes.
  uint64_t position;
  uint8_t pad1[CSHM_RING_LINE - 8];
  // 1 while the sender waits for space, with the ordering of the receivers' flags. A receiver stores its
  // position again, with release and the fence, before it loads this flag.
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
