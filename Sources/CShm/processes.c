#include "CShm.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

const int cshm_SI_KERNEL = SI_KERNEL;

// What the C library hands every constructor: Swift's own reads /proc/self/cmdline, which may not
// be there.
static int word_count;
static char **words;
__attribute__((constructor)) static void keep_arguments(int count, char **vector) {
  word_count = count;
  words = vector;
}

const char *cshm_argument(int index) { return index < word_count ? words[index] : NULL; }

// In place of the Swift runtime's, for release builds (Package.swift): at each start it looks for a
// debugger of the toolchain beside the program, and ends the program where there is no /proc.
char *__wrap_swift_copyAuxiliaryExecutablePath(const char *name);
char *__wrap_swift_copyAuxiliaryExecutablePath(const char *name) {
  (void)name;
  return NULL;
}

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

int cshm_signalfd(const sigset_t *mask) {
  int descriptor = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
  return descriptor < 0 ? -errno : descriptor;
}

int cshm_signalfd_read(int descriptor, struct cshm_signal *out) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  if (count != sizeof info) return -EIO;
  out->number = (int)info.ssi_signo;
  out->code = info.ssi_code;
  return 1;
}

void cshm_reraise(int number) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t mask;
  sigaction(number, &action, NULL);
  sigemptyset(&mask);
  sigaddset(&mask, number);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

int cshm_pending_termination(void) {
  static const int termination[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
  sigset_t pending;
  if (sigpending(&pending) < 0) return 0;
  for (size_t i = 0; i < sizeof termination / sizeof *termination; i++)
    if (sigismember(&pending, termination[i]) == 1) return termination[i];
  return 0;
}

int cshm_exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cshm_is_ignored(int number) {
  struct sigaction action;
  return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int cshm_pidfd_send_signal(int descriptor, int signal) {
  int result = (int)syscall(SYS_pidfd_send_signal, descriptor, signal, NULL, 0);
  return result < 0 ? -errno : result;
}

int cshm_notify(const char *path, const char *message) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = 0;
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -errno;
  ssize_t sent = sendto(descriptor, message, strlen(message), MSG_NOSIGNAL,
                        (struct sockaddr *)&address,
                        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
  int result = sent < 0 ? -errno : 0;
  close(descriptor);
  return result;
}

void cshm_set_name(const char *name) { prctl(PR_SET_NAME, name); }

int cshm_processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) < 0) return -errno;
  return CPU_COUNT(&set);
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

int cshm_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0; }

int cshm_next_ended_child(int waits) {
  siginfo_t info = {0};
  if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | (waits ? 0 : WNOHANG)) < 0) return -errno;
  return info.si_pid;
}
