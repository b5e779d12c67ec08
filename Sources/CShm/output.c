#include "CShmOutput.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

const int64_t cshm_PROC_SUPER_MAGIC = PROC_SUPER_MAGIC;

static int checked(int result) { return result < 0 ? -errno : result; }

int cshm_link_into_by_proc(int descriptor, int directory, const char *name) {
  char source[32];
  snprintf(source, sizeof source, "/proc/self/fd/%d", descriptor);
  return checked(linkat(AT_FDCWD, source, directory, name, AT_SYMLINK_FOLLOW));
}

int cshm_link_into_by_descriptor(int descriptor, int directory, const char *name) {
  return checked(linkat(descriptor, "", directory, name, AT_EMPTY_PATH));
}

int cshm_rename_to_free(int directory, const char *from, const char *to) {
  const unsigned int no_replace = 1; // RENAME_NOREPLACE
  return checked((int)syscall(SYS_renameat2, directory, from, directory, to, no_replace));
}

int cshm_is_mount_point(int directory, const char *name) {
  // Not the C library's struct statx: that of Debian 12 lacks the attribute's name.
  union {
    unsigned char bytes[256];
    uint64_t align;
  } answer;
  const uint64_t mount_root = 0x2000; // STATX_ATTR_MOUNT_ROOT, Linux 5.8
  uint64_t attributes;
  memset(&answer, 0, sizeof answer);
  if (syscall(SYS_statx, directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &answer) < 0)
    return errno == ENOSYS || errno == EPERM ? 0 : -errno;
  memcpy(&attributes, answer.bytes + 8, sizeof attributes);
  return (attributes & mount_root) != 0;
}

int cshm_may_write_at(int directory, const char *name) {
  return checked(faccessat(directory, name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW));
}

int cshm_write_back(int descriptor, int64_t offset, int64_t count, int waits) {
  unsigned int flags = SYNC_FILE_RANGE_WRITE;
  if (waits) flags |= SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
  return checked(sync_file_range(descriptor, offset, count, flags));
}

int cshm_sync(int descriptor) { return checked(fsync(descriptor)); }

int cshm_sync_file_system(int descriptor) { return checked(syncfs(descriptor)); }

ssize_t cshm_attribute_names(int descriptor, char *names, size_t room) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  ssize_t count = listxattr(path, names, room);
  if (count < 0 && errno == ENOENT) count = flistxattr(descriptor, names, room);
  return count < 0 ? -errno : count;
}

ssize_t cshm_attribute(int descriptor, const char *name, void *value, size_t room) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  ssize_t count = getxattr(path, name, value, room);
  if (count < 0 && errno == ENOENT) count = fgetxattr(descriptor, name, value, room);
  return count < 0 ? -errno : count;
}

int cshm_set_attribute(int descriptor, const char *name, const void *value, size_t count) {
  return checked(fsetxattr(descriptor, name, value, count, 0));
}

int cshm_remove_attribute(int descriptor, const char *name) {
  return checked(fremovexattr(descriptor, name));
}

int cshm_lock_if_free(int descriptor) {
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return 1;
  return errno == EWOULDBLOCK ? 0 : -errno;
}
