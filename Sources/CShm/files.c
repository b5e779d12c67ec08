#include "CShm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/magic.h>
#include <linux/quota.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// Newer than the headers of Debian 12; the numbers are the kernel's and the same on every machine
// that Swift runs on.
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020
#endif
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

const int cshm_O_TMPFILE = O_TMPFILE;
const int cshm_O_PATH = O_PATH;
const int cshm_FALLOC_FL_KEEP_SIZE = FALLOC_FL_KEEP_SIZE;
const int cshm_FALLOC_FL_PUNCH_HOLE = FALLOC_FL_PUNCH_HOLE;
const unsigned int cshm_MFD_HUGETLB = MFD_HUGETLB;
const int cshm_MFD_HUGE_SHIFT = 26;
const int cshm_F_GETPIPE_SZ = F_GETPIPE_SZ;
const int cshm_F_SETPIPE_SZ = F_SETPIPE_SZ;
const int cshm_F_SETSIG = F_SETSIG;
const int cshm_F_SETLEASE = F_SETLEASE;
const int cshm_F_GETLEASE = F_GETLEASE;
const int cshm_F_SEAL_SEAL = F_SEAL_SEAL;
const int cshm_F_SEAL_SHRINK = F_SEAL_SHRINK;
const int cshm_F_SEAL_GROW = F_SEAL_GROW;
const int cshm_F_SEAL_WRITE = F_SEAL_WRITE;
const int cshm_F_SEAL_FUTURE_WRITE = F_SEAL_FUTURE_WRITE;
const int cshm_F_SEAL_EXEC = F_SEAL_EXEC;
const int64_t cshm_TMPFS_MAGIC = TMPFS_MAGIC;
const int64_t cshm_HUGETLBFS_MAGIC = HUGETLBFS_MAGIC;
const int64_t cshm_RAMFS_MAGIC = RAMFS_MAGIC;

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443
#endif

static int checked(int result) { return result < 0 ? -errno : result; }

int cshm_openat(int directory, const char *path, int flags, mode_t mode) {
  return checked(openat(directory, path, flags, mode));
}

int cshm_fcntl(int descriptor, int command, int argument) {
  return checked(fcntl(descriptor, command, argument));
}

int cshm_shm_open(const char *name, int flags, mode_t mode) {
  return checked(shm_open(name, flags, mode));
}

int cshm_memfd_create(const char *name, unsigned int flags) {
  flags |= MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int result = checked(memfd_create(name, flags));
  // With vm.memfd_noexec = 2, Linux 6.3 to 6.5 refuses a memfd that could become executable.
  return result == -EACCES ? checked(memfd_create(name, flags | 0x8 /* MFD_NOEXEC_SEAL */)) : result;
}

int cshm_memfd_secret(void) {
#ifdef SYS_memfd_secret
  return checked((int)syscall(SYS_memfd_secret, O_CLOEXEC));
#else
  return -ENOSYS;
#endif
}

int cshm_fallocate(int descriptor, int mode, off_t offset, off_t length) {
  return checked(fallocate(descriptor, mode, offset, length));
}

int cshm_add_seals(int descriptor, int seals) {
  return checked(fcntl(descriptor, F_ADD_SEALS, seals));
}

int cshm_get_seals(int descriptor) { return checked(fcntl(descriptor, F_GET_SEALS)); }

int cshm_link_by_proc(int descriptor, const char *path) {
  char source[32];
  snprintf(source, sizeof source, "/proc/self/fd/%d", descriptor);
  return checked(linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
}

int cshm_link_by_descriptor(int descriptor, const char *path) {
  return checked(linkat(descriptor, "", AT_FDCWD, path, AT_EMPTY_PATH));
}

int cshm_birth_time(int directory, const char *path, int64_t *seconds, int *known) {
  struct statx answer;
  *seconds = 0;
  *known = 0;
  int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
  if (statx(directory, path, flags, STATX_BTIME, &answer) < 0) return -errno;
  if (answer.stx_mask & STATX_BTIME) {
    *seconds = answer.stx_btime.tv_sec;
    *known = 1;
  }
  return 0;
}

int cshm_attributes(const char *path, int *immutable, int *append_only) {
  struct statx answer;
  if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, 0, &answer) < 0) return -errno;
  uint64_t known = answer.stx_attributes & answer.stx_attributes_mask;
  *immutable = (known & STATX_ATTR_IMMUTABLE) != 0;
  *append_only = (known & STATX_ATTR_APPEND) != 0;
  return 0;
}

int cshm_cachestat(int descriptor, uint64_t offset, uint64_t length, struct cshm_cachestat *out) {
  struct {
    uint64_t offset, length;
  } range = {offset, length};
  return checked((int)syscall(SYS_cachestat, descriptor, &range, out, 0));
}

ssize_t cshm_directory_entries(int directory, void *buffer, size_t count) {
  ssize_t result = syscall(SYS_getdents64, directory, buffer, count);
  return result < 0 ? -errno : result;
}

int cshm_filesystem_status(int descriptor, const char *path, struct cshm_filesystem *out) {
  struct statfs status;
  int result = path ? statfs(path, &status) : fstatfs(descriptor, &status);
  if (result < 0) return -errno;
  *out = (struct cshm_filesystem){
      .type = (int64_t)status.f_type,
      .block_size = (uint64_t)status.f_bsize,
      .blocks = status.f_blocks,
      .available = status.f_bavail,
      .files = status.f_files,
      .free_files = status.f_ffree,
  };
  return 0;
}

int cshm_quota(int descriptor, int of_group, uint32_t id, struct cshm_quota *out) {
  struct if_dqblk block = {0};
  long command = QCMD(Q_GETQUOTA, of_group ? GRPQUOTA : USRQUOTA);
  if (syscall(SYS_quotactl_fd, descriptor, command, id, &block) < 0) return -errno;
  // Limits are counted in blocks of 1 KiB, the space in bytes.
  *out = (struct cshm_quota){
      .space = block.dqb_curspace,
      .space_limit = block.dqb_bhardlimit << 10,
      .files = block.dqb_curinodes,
      .files_limit = block.dqb_ihardlimit,
  };
  return 0;
}

int cshm_pipe(int *ends) { return checked(pipe2(ends, O_CLOEXEC)); }

int cshm_leads_terminal(int descriptor) {
  unsigned int number = 0;
  return ioctl(descriptor, TIOCGPTN, &number) == 0;
}

int cshm_unread(int descriptor) {
  int count = 0;
  return ioctl(descriptor, FIONREAD, &count) < 0 ? -errno : count;
}

int cshm_status_at_hand(int directory, const char *path, struct cshm_status *out) {
  struct statx answer;
  if (statx(directory, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &answer) < 0)
    return -errno;
  *out = (struct cshm_status){
      .device = makedev(answer.stx_dev_major, answer.stx_dev_minor),
      .inode = answer.stx_ino,
      .links = answer.stx_nlink,
      .size = (int64_t)answer.stx_size,
      .blocks = (int64_t)answer.stx_blocks,
      .modified = answer.stx_mtime.tv_sec,
      .changed = answer.stx_ctime.tv_sec,
      .mode = answer.stx_mode,
      .user = answer.stx_uid,
      .group = answer.stx_gid,
      .block_size = answer.stx_blksize,
  };
  return 0;
}

struct place {
  int namespace;
  const char *path;
  int result;
};

// A separate thread, which ends in the other namespace. The calling thread stays in its namespace.
static void *open_there(void *argument) {
  struct place *place = argument;
  if (setns(place->namespace, CLONE_NEWIPC) < 0)
    place->result = -errno;
  else
    place->result = checked(open(place->path, O_RDONLY | O_CLOEXEC));
  return NULL;
}

int cshm_open_in_ipc_namespace(int descriptor, const char *path) {
  struct place place = {descriptor, path, 0};
  pthread_t thread;
  int error = pthread_create(&thread, NULL, open_there, &place);
  if (error) return -error;
  pthread_join(thread, NULL);
  return place.result;
}

static struct flock change(void) {
  return (struct flock){
      .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = INT64_MAX - 1, .l_len = 1};
}

int cshm_lock_for_change(int descriptor) {
  struct flock lock = change();
  int result = checked(fcntl(descriptor, F_OFD_SETLK, &lock));
  return result == -EACCES ? -EAGAIN : result;
}

int cshm_holder_of_change(int descriptor, pid_t *process) {
  struct flock lock = change();
  *process = -1;
  int result = checked(fcntl(descriptor, F_OFD_GETLK, &lock));
  if (result < 0) return result;
  if (lock.l_type == F_UNLCK) return 0;
  *process = lock.l_pid;
  return lock.l_type == F_RDLCK ? 1 : 2;
}

int cshm_remove_segment(int identifier) {
  return checked(shmctl(identifier, IPC_RMID, 0));
}

int cshm_lacks_system_v(void) {
  struct shm_info info;
  return shmctl(0, SHM_INFO, (struct shmid_ds *)&info) < 0 && errno == ENOSYS;
}
