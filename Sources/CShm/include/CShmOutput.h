// Calls for files that are written for other programs: names relative to an open directory, extended
// attributes, and write-back. Each is C because Swift's Glibc module does not show the call or its
// constants. Every function returns -errno on failure.

#ifndef CSHM_OUTPUT_H
#define CSHM_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__cplusplus)
extern "C" {
#endif

// The type of proc(5) in statfs(2)
extern const int64_t cshm_PROC_SUPER_MAGIC;
// linkat(2) of an open file to a name in an open directory: through /proc, or by AT_EMPTY_PATH
int cshm_link_into_by_proc(int descriptor, int directory, const char *name);
int cshm_link_into_by_descriptor(int descriptor, int directory, const char *name);
// renameat2(2) with RENAME_NOREPLACE
int cshm_rename_to_free(int directory, const char *from, const char *to);
// statx(2): 1 if the name in the directory is a mount point, 0 if not, or if the kernel does not say
int cshm_is_mount_point(int directory, const char *name);
// faccessat(2) with AT_EACCESS and AT_SYMLINK_NOFOLLOW: whether the name may be written
int cshm_may_write_at(int directory, const char *name);
// sync_file_range(2): starts to write a range back; with `waits`, waits for it as well
int cshm_write_back(int descriptor, int64_t offset, int64_t count, int waits);
// flock(2) without waiting: 1, 0 if another open file has the lock, or -errno if there are no locks
int cshm_lock_if_free(int descriptor);
// fsync(2), and syncfs(2) of the file system that holds an open file
int cshm_sync(int descriptor);
int cshm_sync_file_system(int descriptor);
// The attributes of an open file. By its link in /proc, which works for O_PATH as well: listxattr(2),
// getxattr(2); without /proc by the descriptor: flistxattr(2), fgetxattr(2)
ssize_t cshm_attribute_names(int descriptor, char *names, size_t room);
ssize_t cshm_attribute(int descriptor, const char *name, void *value, size_t room);
// fsetxattr(2) and fremovexattr(2)
int cshm_set_attribute(int descriptor, const char *name, const void *value, size_t count);
int cshm_remove_attribute(int descriptor, const char *name);

#if defined(__cplusplus)
}
#endif
#endif
