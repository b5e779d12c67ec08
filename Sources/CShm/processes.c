#include "CShm.h"

#include <errno.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

static uint64_t bytes(rlim_t limit) { return limit == RLIM_INFINITY ? UINT64_MAX : limit; }

int cshm_memlock_limit(pid_t process, uint64_t *soft, uint64_t *hard) {
  struct rlimit limit;
  if (prlimit(process, RLIMIT_MEMLOCK, NULL, &limit) < 0) return -errno;
  *soft = bytes(limit.rlim_cur);
  *hard = bytes(limit.rlim_max);
  return 0;
}

int cshm_try_mlock(int is_second) {
  pid_t child = fork();
  if (child < 0) return -EAGAIN;
  if (child == 0) {
    // A child that the filter kills leaves no core file.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    long answer = is_second ? syscall(SYS_mlock2, &child, 0, cshm_MLOCK_ONFAULT) : syscall(SYS_mlock, &child, 0);
    _exit(answer < 0 ? errno : 0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -EAGAIN;
  if (WIFSIGNALED(status)) return -EINTR;
  return WIFEXITED(status) ? -WEXITSTATUS(status) : -EAGAIN;
}

int cshm_pidfd_open(pid_t process) {
  int descriptor = (int)syscall(SYS_pidfd_open, process, 0);
  return descriptor < 0 ? -errno : descriptor;
}

int cshm_pending_termination(void) {
  static const int termination[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
  sigset_t pending;
  if (sigpending(&pending) < 0) return 0;
  for (size_t i = 0; i < sizeof termination / sizeof *termination; i++)
    if (sigismember(&pending, termination[i]) == 1) return termination[i];
  return 0;
}

int cshm_pidfd_send_signal(int descriptor, int signal) {
  int result = (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
  return result < 0 ? -errno : result;
}

int cshm_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) < 0) return -errno;
  return CPU_COUNT(&set);
}

int cshm_processors_with(const int *processes, int count) {
  cpu_set_t all;
  if (sched_getaffinity(0, sizeof all, &all) < 0) return get_nprocs();
  for (int i = 0; i < count; i++) {
    cpu_set_t set;
    if (processes[i] <= 0 || sched_getaffinity(processes[i], sizeof set, &set) < 0)
      return get_nprocs();
    CPU_OR(&all, &all, &set);
  }
  return CPU_COUNT(&all);
}

// struct procmap_query of <linux/fs.h>, which Debian 12 has not
struct query {
  uint64_t size, flags, address;
  uint64_t start, end, vma_flags, page_size, offset, inode;
  uint32_t major, minor;
  uint32_t name_size, build_id_size;
  uint64_t name, build_id;
};
_Static_assert(sizeof(struct query) == 104, "the layout of struct procmap_query");

int cshm_file_mapping(int maps, uint64_t address, struct cshm_mapping *out, char *path,
                      uint32_t room) {
  struct query query = {
      .size = sizeof query,
      .flags = 0x10 | 0x20,  // PROCMAP_QUERY_COVERING_OR_NEXT_VMA, PROCMAP_QUERY_FILE_BACKED_VMA
      .address = address,
      .name_size = path ? room : 0,
      .name = (uint64_t)(uintptr_t)path,
  };
  if (ioctl(maps, _IOWR('f', 17, struct query), &query) < 0) return -errno;
  *out = (struct cshm_mapping){query.start, query.end,   query.vma_flags, query.offset,
                               query.inode, query.major, query.minor};
  return 0;
}

int64_t cshm_effective_user(void) {
  uid_t user = geteuid();
  // The C library returns the negated error number if a sandbox refuses the call.
  if (user < (uid_t)-4095) return user;
  errno = 0;
  unsigned long known = getauxval(AT_EUID);
  return errno != 0 || (uid_t)known == (uid_t)-1 ? -1 : (int64_t)(uid_t)known;
}
