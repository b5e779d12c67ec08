// Functions for output files: names relative to an open directory, extended attributes, and write-back. They are
// in C because Swift's Glibc module does not import the function or its constants. Every function returns -errno
// on failure.

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
// linkat(2): gives an open file a name in an open directory, through /proc or with AT_EMPTY_PATH
int cshm_link_into_by_proc(int descriptor, int directory, const char *name);
int cshm_link_into_by_descriptor(int descriptor, int directory, const char *name);
// renameat2(2) with RENAME_NOREPLACE
int cshm_rename_to_free(int directory, const char *from, const char *to);
// statx(2): 1 if the name in the directory is a mount point; 0 if not, or if the kernel does not report it
int cshm_is_mount_point(int directory, const char *name);
// faccessat(2) with AT_EACCESS and AT_SYMLINK_NOFOLLOW: whether this process has permission to write the file
int cshm_may_write_at(int directory, const char *name);
// sync_file_range(2): starts the write-back of a range; if `waits` is set, waits for its end
int cshm_write_back(int descriptor, int64_t offset, int64_t count, int waits);
// flock(2) with LOCK_NB: 1, or 0 if another open file description has the lock, or -errno if the file system does
// not support locks
int cshm_lock_if_free(int descriptor);
// fsync(2), and syncfs(2) of the file system of an open file
int cshm_sync(int descriptor);
int cshm_sync_file_system(int descriptor);
// The extended attributes of an open file. listxattr(2) and getxattr(2) on its link in /proc also work with
// O_PATH; without /proc, flistxattr(2) and fgetxattr(2)
ssize_t cshm_attribute_names(int descriptor, char *names, size_t room);
ssize_t cshm_attribute(int descriptor, const char *name, void *value, size_t room);
// fsetxattr(2) and fremovexattr(2)
int cshm_set_attribute(int descriptor, const char *name, const void *value, size_t count);
int cshm_remove_attribute(int descriptor, const char *name);

#if defined(__cplusplus)
}
#endif
#endif
