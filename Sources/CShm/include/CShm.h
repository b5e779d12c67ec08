// Functions and constants that Swift's Glibc module does not import: variadic functions, macros, system calls
// without a libc function, and constants that need _GNU_SOURCE. Only such declarations belong here.
//
// Every function returns the result of the call, or -errno.

#ifndef CSHM_H
#define CSHM_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "CShmOutput.h"
#include "CShmRing.h"

#if defined(__cplusplus)
extern "C" {
#endif

// MARK: Constants that need _GNU_SOURCE or a kernel header

extern const int cshm_O_TMPFILE;
extern const int cshm_O_PATH;
extern const int cshm_O_DIRECT;
extern const int cshm_IOV_MAX;
extern const int cshm_FALLOC_FL_KEEP_SIZE;
extern const int cshm_FALLOC_FL_PUNCH_HOLE;
extern const int cshm_MAP_FIXED_NOREPLACE;
extern const int cshm_MADV_POPULATE_READ;
extern const int cshm_MADV_POPULATE_WRITE;
extern const int cshm_MADV_COLD;
extern const int cshm_MADV_PAGEOUT;
extern const int cshm_MADV_COLLAPSE;
extern const unsigned int cshm_MLOCK_ONFAULT;
extern const unsigned int cshm_MFD_HUGETLB;
extern const int cshm_MFD_HUGE_SHIFT;
extern const int cshm_F_GETPIPE_SZ;
extern const int cshm_F_SETPIPE_SZ;
extern const int cshm_F_SETSIG;
extern const int cshm_F_SETLEASE;
extern const int cshm_F_GETLEASE;
extern const int cshm_F_SEAL_SEAL;
extern const int cshm_F_SEAL_SHRINK;
extern const int cshm_F_SEAL_GROW;
extern const int cshm_F_SEAL_WRITE;
extern const int cshm_F_SEAL_FUTURE_WRITE;
extern const int cshm_F_SEAL_EXEC;
extern const int64_t cshm_TMPFS_MAGIC;
extern const int64_t cshm_HUGETLBFS_MAGIC;
extern const int64_t cshm_RAMFS_MAGIC;

// MARK: Variadic calls

// openat(2)
int cshm_openat(int directory, const char *path, int flags, mode_t mode);
// fcntl(2) with an integer argument
int cshm_fcntl(int descriptor, int command, int argument);
// shm_open(3). Glibc's module has it, too; this one returns -errno like the other functions.
int cshm_shm_open(const char *name, int flags, mode_t mode);

// MARK: Calls that need _GNU_SOURCE

// pipe2(2) with O_CLOEXEC; `ends` takes two descriptors
int cshm_pipe(int *ends);
// Whether the descriptor is the master end of a pseudoterminal, which cannot be opened again. pty(7)
int cshm_leads_terminal(int descriptor);
// The number of unread bytes in a pipe. FIONREAD of pipe(7)
int cshm_unread(int descriptor);
// memfd_create(2) with MFD_CLOEXEC, MFD_ALLOW_SEALING and `flags`; with MFD_NOEXEC_SEAL if the system requires it
int cshm_memfd_create(const char *name, unsigned int flags);
// Creates a secret memory file with O_CLOEXEC: a descriptor, or -errno. memfd_secret(2)
int cshm_memfd_secret(void);
// fallocate(2)
int cshm_fallocate(int descriptor, int mode, off_t offset, off_t length);
// F_ADD_SEALS and F_GET_SEALS of fcntl(2)
int cshm_add_seals(int descriptor, int seals);
int cshm_get_seals(int descriptor);
// linkat(2): gives an open file a name, through /proc or with AT_EMPTY_PATH
int cshm_link_by_proc(int descriptor, const char *path);
int cshm_link_by_descriptor(int descriptor, const char *path);
// fstatfs(2), or statfs(2) if `path` is not NULL
struct cshm_filesystem {
  int64_t type;
  uint64_t block_size;
  uint64_t blocks;
  uint64_t available;
  uint64_t files;
  uint64_t free_files;
};
int cshm_filesystem_status(int descriptor, const char *path, struct cshm_filesystem *out);
// quotactl_fd(2) with Q_GETQUOTA: the usage and the hard limits of a user or a group on the file system of
// `descriptor`, in bytes and files. A limit of 0 means no limit.
struct cshm_quota {
  uint64_t space;
  uint64_t space_limit;
  uint64_t files;
  uint64_t files_limit;
};
int cshm_quota(int descriptor, int of_group, uint32_t id, struct cshm_quota *out);
// The result of fstatat(2), without a request to the server of a network file system, which might not answer.
// statx(2), AT_STATX_DONT_SYNC
struct cshm_status {
  uint64_t device;
  uint64_t inode;
  uint64_t links;
  int64_t size;
  int64_t blocks;
  int64_t modified;
  int64_t changed;
  uint32_t mode;
  uint32_t user;
  uint32_t group;
  uint32_t block_size;
};
int cshm_status_at_hand(int directory, const char *path, struct cshm_status *out);
// Opens `path` in a thread that has joined the IPC namespace of `descriptor`. The open file continues to show
// that namespace. setns(2), sysvipc(7)
int cshm_open_in_ipc_namespace(int descriptor, const char *path);
// Takes a write lock on one byte at an offset beyond the end of every region. The file must be open for writing.
// Returns 0, or -EAGAIN if another open file has the lock. F_OFD_SETLK of fcntl(2)
int cshm_lock_for_change(int descriptor);
// The lock that conflicts with this write lock: 0 for no lock, 1 for a read lock, 2 for a write lock. `process` is
// the process ID of its owner, or -1 if the kernel does not report it. F_OFD_GETLK of fcntl(2)
int cshm_holder_of_change(int descriptor, pid_t *process);
// Marks a System V segment for destruction: 0, or -errno. shmctl(2), IPC_RMID
int cshm_remove_segment(int identifier);
// Whether the kernel was built without System V shared memory. shmctl(2)
int cshm_lacks_system_v(void);
// getdents64(2)
ssize_t cshm_directory_entries(int directory, void *buffer, size_t count);
// mlock2(2)
int cshm_mlock2(const void *address, size_t length, unsigned int flags);
// process_vm_writev(2) into this process. The kernel copies, and fails with EFAULT if a store would raise SIGBUS.
// Returns the number of copied bytes.
ssize_t cshm_copy_into_self(void *destination, const void *source, size_t length);
// Faults pages in: reads one byte of each page, and writes it back if `writes` is set. Returns 0, or -errno.
// process_vm_readv(2)
int cshm_touch(void *address, size_t length, size_t page, int writes);
// statx(2): the creation time in seconds since 1970; if it is unknown, *known is 0
int cshm_birth_time(int directory, const char *path, int64_t *seconds, int *known);
// statx(2): whether the file has the attributes that chattr(1) calls i and a
int cshm_attributes(const char *path, int *immutable, int *append_only);
// A part of another process's memory: struct iovec with an address that is not valid in this process
struct cshm_piece {
  uint64_t address;
  uint64_t length;
};
// process_vm_readv(2) and process_vm_writev(2) between one buffer of this process and up to cshm_IOV_MAX parts of
// another process's memory. Return the number of copied bytes.
ssize_t cshm_process_read(pid_t process, void *destination, size_t length,
                          const struct cshm_piece *pieces, size_t count);
ssize_t cshm_process_write(pid_t process, const void *source, size_t length,
                           const struct cshm_piece *pieces, size_t count);
// statx(2) with STATX_DIOALIGN (Linux 6.1): the alignment of memory and offsets for O_DIRECT, 0 if the
// file does not support it; -EOPNOTSUPP if the kernel does not report it
int cshm_direct_alignment(int descriptor, uint32_t *memory, uint32_t *offset);
// BLKSSZGET of ioctl(2): the logical block size of a block device
int cshm_block_size(int descriptor);
// prlimit(2) of RLIMIT_MEMLOCK; 0 for `process` means the caller. UINT64_MAX means unlimited.
int cshm_memlock_limit(pid_t process, uint64_t *soft, uint64_t *hard);
// Calls mlock(2), or mlock2(2) if `is_second` is set, with a length of 0 in a child process, because a seccomp
// filter can kill the caller. Returns 0, -errno of the call, -EINTR if the child was killed, or -EAGAIN if the
// child could not be started.
int cshm_try_mlock(int is_second);

// The number of processors that this process may run on, or -errno. sched_getaffinity(2)
int cshm_processors(void);
// The number of processors that the calling thread or one of the processes may use. A process that is not
// visible may use any. sched_getaffinity(2)
int cshm_processors_with(const int *processes, int count);

// MARK: System calls without a function in the C library of Debian 12

struct cshm_cachestat {
  uint64_t cached;
  uint64_t dirty;
  uint64_t writeback;
  uint64_t evicted;
  uint64_t recently_evicted;
};
_Static_assert(sizeof(struct cshm_cachestat) == 40, "the layout of struct cachestat");
// cachestat(2); a length of 0 means the rest of the file
int cshm_cachestat(int descriptor, uint64_t offset, uint64_t length, struct cshm_cachestat *out);
// A mapping of a file, with the fields of a line of /proc/PID/maps
struct cshm_mapping {
  uint64_t start;
  uint64_t end;
  // 1 readable, 2 writable, 4 executable, 8 shared
  uint64_t flags;
  uint64_t offset;
  uint64_t inode;
  uint32_t major;
  uint32_t minor;
};
// The mapping of a file at an address, or the next such mapping at a higher address. `maps` is an open
// /proc/PID/maps. Fails with -ENOENT if there is no such mapping, -ESRCH if the process has ended, and -ENOTTY
// before Linux 6.11. Stores the path with a NUL if `path` is not NULL. PROCMAP_QUERY of the kernel's <linux/fs.h>
int cshm_file_mapping(int maps, uint64_t address, struct cshm_mapping *out, char *path, uint32_t room);
// The next addresses from `start` on that are mapped by huge pages. Returns 1, or 0 if there are no huge pages
// before `end`, or -errno. PAGEMAP_SCAN of ioctl(2) on /proc/PID/pagemap
struct cshm_page_range {
  uint64_t start;
  uint64_t end;
};
int cshm_next_huge_pages(int descriptor, uint64_t start, uint64_t end, struct cshm_page_range *out);
// The pages between two addresses that are present, or -errno. PAGEMAP_SCAN of ioctl(2) on /proc/PID/pagemap
int64_t cshm_count_present_pages(int descriptor, uint64_t start, uint64_t end);
// pidfd_open(2)
int cshm_pidfd_open(pid_t process);
// pidfd_send_signal(2)
int cshm_pidfd_send_signal(int descriptor, int signal);

// MARK: Sockets (sockaddr_un and control messages are unions and macros)

// The maximum number of descriptors in one message
#define CSHM_MAXIMUM_DESCRIPTORS 4
// A SOCK_SEQPACKET Unix socket, close-on-exec and non-blocking. socket(2)
int cshm_packet_socket(void);
// Creates a directory with this mode, whatever the umask is. mkdir(2)
int cshm_make_directory(const char *path, mode_t mode);
// Binds a socket to a name in an open directory, with mode 0600 whatever the umask is. A child process does this.
// If it cannot be started, binds the socket to `path`, with the umask applied. bind(2)
int cshm_bind(int socket, int directory, const char *name, const char *path);
// listen(2)
int cshm_listen(int socket, int backlog);
// connect(2)
int cshm_connect(int socket, const char *path);
// Makes every later send of the peer fail. shutdown(2)
int cshm_stop_receiving(int descriptor);
// Changes the mode of an open file, also if it was opened with O_PATH. fchmodat2(2), chmod(2)
int cshm_change_mode(int descriptor, mode_t mode);
// The effective user ID. If a sandbox refuses the call, this is the value that the kernel passed at the start of
// the program; -1 if both are unknown. geteuid(2), getauxval(3)
int64_t cshm_effective_user(void);
// accept4(2), close-on-exec and non-blocking
int cshm_accept(int descriptor);
// SO_PEERCRED of unix(7)
int cshm_peer(int descriptor, pid_t *process, uid_t *user);
// One message with descriptors, SCM_RIGHTS of unix(7)
ssize_t cshm_send(int descriptor, const void *bytes, size_t count, const int *descriptors,
                  int number);
// One message. Its descriptors are close-on-exec, and the caller owns them. Fails with -EMSGSIZE if the message
// does not fit, and with -EMFILE at the limit on open files.
ssize_t cshm_receive(int descriptor, void *bytes, size_t count, int *descriptors, int *number);
// eventfd(2), close-on-exec and non-blocking
int cshm_eventfd(void);
// epoll_create1(2), close-on-exec
int cshm_epoll(void);
// Adds a descriptor to an epoll instance, for input; cshm_epoll_wait reports the descriptor
// by bit `place`, 0 to 31. If `once` is set, it reports the descriptor once for each arrival of data (EPOLLET).
// Otherwise it reports it as long as data can be read.
int cshm_epoll_add(int epoll, int descriptor, int place, int once);
// epoll_wait(2): returns the number of ready descriptors, and sets the bit of each
int cshm_epoll_wait(int epoll, int milliseconds, unsigned int *ready);
// flock(2) with LOCK_NB: -1 if another open file description has the lock; 0 also on a file system that does not
// support locks
int cshm_try_lock(int descriptor);
int cshm_unlock(int descriptor);
// writev(2) of two buffers that never blocks, whatever the flags of the descriptor are; the first buffer may be
// empty. Fails with -EAGAIN if it would block, and with -EOPNOTSUPP if the file does not support this.
// pwritev2(2), RWF_NOWAIT
ssize_t cshm_write_now(int descriptor, const void *head, size_t head_count, const void *bytes,
                       size_t count);
// read(2) that never blocks. preadv2(2), RWF_NOWAIT
ssize_t cshm_read_now(int descriptor, void *bytes, size_t count);
// Whether it is a socket that keeps message boundaries, so that a short read loses the rest of a message
int cshm_keeps_messages(int descriptor);
// Receives one message without blocking, and returns its length even if it exceeds the buffer. recv(2)
ssize_t cshm_receive_message(int descriptor, void *bytes, size_t count);
// A random number. getrandom(2)
uint64_t cshm_random(void);
// Continues a CRC-32C: `checksum` is that of the preceding bytes, 0 at the start
uint32_t cshm_crc32c(uint32_t checksum, const void *bytes, size_t count);

// MARK: Signals

// The number of a pending SIGHUP, SIGINT, SIGQUIT or SIGTERM, or 0
int cshm_pending_termination(void);

// Tells the processor that this is a loop that waits for memory to change.
static inline void cshm_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#if defined(__cplusplus)
}
#endif
#endif
