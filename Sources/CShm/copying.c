#include "CShm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const int cshm_O_DIRECT = O_DIRECT;
const int cshm_IOV_MAX = UIO_MAXIOV;

_Static_assert(sizeof(struct cshm_piece) == sizeof(struct iovec) &&
                   offsetof(struct cshm_piece, address) == offsetof(struct iovec, iov_base) &&
                   offsetof(struct cshm_piece, length) == offsetof(struct iovec, iov_len),
               "the layout of struct iovec");

ssize_t cshm_process_read(pid_t process, void *destination, size_t length,
                          const struct cshm_piece *pieces, size_t count) {
  struct iovec to = {destination, length};
  ssize_t copied = process_vm_readv(process, &to, 1, (const struct iovec *)pieces, count, 0);
  return copied < 0 ? -errno : copied;
}

ssize_t cshm_process_write(pid_t process, const void *source, size_t length,
                           const struct cshm_piece *pieces, size_t count) {
  struct iovec from = {(void *)source, length};
  ssize_t copied = process_vm_writev(process, &from, 1, (const struct iovec *)pieces, count, 0);
  return copied < 0 ? -errno : copied;
}

int cshm_direct_alignment(int descriptor, uint32_t *memory, uint32_t *offset) {
  // Not the libc's struct statx, which has these fields only if it is newer than that of Debian 12.
  union {
    unsigned char bytes[256];
    uint64_t align;
  } answer;
  uint32_t mask;
  memset(&answer, 0, sizeof answer);
  const unsigned int wanted = 0x2000; // STATX_DIOALIGN
  if (syscall(SYS_statx, descriptor, "", AT_EMPTY_PATH, wanted, &answer) < 0) return -errno;
  memcpy(&mask, answer.bytes, sizeof mask);
  if (!(mask & wanted)) return -EOPNOTSUPP;
  memcpy(memory, answer.bytes + 152, sizeof *memory);
  memcpy(offset, answer.bytes + 156, sizeof *offset);
  return 0;
}

int cshm_block_size(int descriptor) {
  int size;
  return ioctl(descriptor, BLKSSZGET, &size) < 0 ? -errno : size;
}
