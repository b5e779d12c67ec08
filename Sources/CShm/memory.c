#include "CShm.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

// Newer than the headers of some distributions; the numbers are the kernel's.
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

const int cshm_MAP_FIXED_NOREPLACE = MAP_FIXED_NOREPLACE;
const int cshm_MADV_POPULATE_READ = MADV_POPULATE_READ;
const int cshm_MADV_POPULATE_WRITE = MADV_POPULATE_WRITE;
const int cshm_MADV_COLD = MADV_COLD;
const int cshm_MADV_PAGEOUT = MADV_PAGEOUT;
const int cshm_MADV_COLLAPSE = MADV_COLLAPSE;
const unsigned int cshm_MLOCK_ONFAULT = MLOCK_ONFAULT;

int cshm_mlock2(const void *address, size_t length, unsigned int flags) {
  // Not libc's, which returns EINVAL if the kernel or a sandbox reports that the call does not exist.
  return syscall(SYS_mlock2, address, length, flags) < 0 ? -errno : 0;
}

ssize_t cshm_copy_into_self(void *destination, const void *source, size_t length) {
  struct iovec from = {(void *)source, length};
  struct iovec to = {destination, length};
  ssize_t copied = process_vm_writev(getpid(), &from, 1, &to, 1, 0);
  return copied < 0 ? -errno : copied;
}

int cshm_touch(void *address, size_t length, size_t page, int writes) {
  enum { PIECES = 512 };
  char bytes[PIECES];
  struct iovec pages[PIECES];
  for (size_t offset = 0; offset < length;) {
    size_t count = 0;
    for (size_t at = offset; at < length && count < PIECES; at += page)
      pages[count++] = (struct iovec){(char *)address + at, 1};
    struct iovec local = {bytes, count};
    ssize_t done = process_vm_readv(getpid(), &local, 1, pages, count, 0);
    if (done > 0 && writes) {
      local.iov_len = (size_t)done;
      done = process_vm_writev(getpid(), &local, 1, pages, (size_t)done, 0);
    }
    if (done < 0) return -errno;
    if (done == 0) return -EFAULT;
    offset += (size_t)done * page;
  }
  return 0;
}

// Newer than the headers: struct pm_scan_arg and struct page_region of the kernel's linux/fs.h.
struct page_region {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};
struct scan {
  uint64_t size;
  uint64_t flags;
  uint64_t start;
  uint64_t end;
  uint64_t walk_end;
  uint64_t vec;
  uint64_t vec_len;
  uint64_t max_pages;
  uint64_t category_inverted;
  uint64_t category_mask;
  uint64_t category_anyof_mask;
  uint64_t return_mask;
};
_Static_assert(sizeof(struct scan) == 96, "the layout of struct pm_scan_arg");
#define SCAN _IOWR('f', 16, struct scan)
#define IS_HUGE (1 << 6)

#define IS_PRESENT (1 << 3)

int64_t cshm_count_present_pages(int descriptor, uint64_t start, uint64_t end) {
  struct page_region found[512];
  struct scan scan = {.size = sizeof scan,
                      .start = start,
                      .end = end,
                      .vec = (uintptr_t)found,
                      .vec_len = sizeof found / sizeof *found,
                      .category_mask = IS_PRESENT,
                      .return_mask = IS_PRESENT};
  int64_t bytes = 0;
  while (scan.start < end) {
    long count = ioctl(descriptor, SCAN, &scan);
    if (count < 0) return -errno;
    for (long index = 0; index < count; index++) bytes += found[index].end - found[index].start;
    scan.start = scan.walk_end;
  }
  return bytes / sysconf(_SC_PAGESIZE);
}

int cshm_next_huge_pages(int descriptor, uint64_t start, uint64_t end, struct cshm_page_range *out) {
  struct page_region found = {0, 0, 0};
  struct scan scan = {.size = sizeof scan,
                      .start = start,
                      .end = end,
                      .vec = (uintptr_t)&found,
                      .vec_len = 1,
                      .category_mask = IS_HUGE,
                      .return_mask = IS_HUGE};
  long count = ioctl(descriptor, SCAN, &scan);
  if (count < 0) return -errno;
  out->start = found.start;
  out->end = found.end;
  return count > 0;
}
