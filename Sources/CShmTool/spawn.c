#include "CShmTool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

// posix_spawn(3) does not say whether it was the command that could not be executed, and ends at the
// first call that a signal interrupts. Between vfork(2) and execve(2) only calls that are
// async-signal-safe are made, on memory that the parent lends.

// The number of repetitions of an interrupted call. A call that is always interrupted must not make the parent wait
// forever.
enum { REPETITIONS = 1000 };

#define REPEATED(result, call)                                                    \
  do {                                                                            \
    int repetitions = 0;                                                          \
    do (result) = (call);                                                         \
    while ((result) < 0 && (errno == EINTR || errno == EBUSY) && ++repetitions < REPETITIONS); \
  } while (0)

// The limit on open files that this process was started with, if it was raised since.
static struct rlimit file_limit;
static int is_file_limit_raised;

void cshmtool_raise_file_limit(void) {
  struct rlimit limit;
  if (is_file_limit_raised || getrlimit(RLIMIT_NOFILE, &file_limit) < 0) return;
  limit = file_limit;
  limit.rlim_cur = limit.rlim_max;
  is_file_limit_raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static int duplicate_to(int from, int to) {
  int result;
  REPEATED(result, dup2(from, to));
  return result;
}

static void close_from(int first) {
  if (syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  struct rlimit limit;
  rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 1024;
  if (end > 1 << 20) end = 1 << 20;
  // An error of close(2) leaves nothing open.
  for (rlim_t number = (rlim_t)first; number < end; number++) close((int)number);
}

static int prepare(const struct cshmtool_command *command, int *sources) {
  if (command->new_session && setsid() < 0) return -1;
  if (command->new_group && setpgid(0, 0) < 0) return -1;
  // Duplicates above every target, so that no dup2 overwrites a source that is still wanted.
  for (int i = 0; i < command->count; i++)
    REPEATED(sources[i], fcntl(command->descriptors[i], F_DUPFD_CLOEXEC, 3 + command->count));
  for (int i = 0; i < command->count; i++)
    if (sources[i] < 0) return -1;
  if (command->input >= 0 && duplicate_to(command->input, STDIN_FILENO) < 0) return -1;
  if (command->output >= 0 && duplicate_to(command->output, STDOUT_FILENO) < 0) return -1;
  for (int i = 0; i < command->count; i++)
    if (duplicate_to(sources[i], 3 + i) < 0) return -1;
  if (command->close_others) close_from(3 + command->count);
  if (is_file_limit_raised) setrlimit(RLIMIT_NOFILE, &file_limit);
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    if (sigismember(&command->defaults, number) == 1) sigaction(number, &action, NULL);
  sigset_t none;
  sigemptyset(&none);
  return sigprocmask(SIG_SETMASK, &none, NULL);
}

// The search of execvp(3), without its fallback to a shell for what is no program.
static int execute(const struct cshmtool_command *command) {
  const char *file = command->file;
  if (strchr(file, '/')) return execve(file, command->arguments, command->environment);
  const char *path = getenv("PATH");
  if (!path) path = "/bin:/usr/bin";
  size_t length = strlen(file);
  if (length == 0) {
    errno = ENOENT;
    return -1;
  }
  int error = ENOENT;
  while (1) {
    char place[PATH_MAX];
    const char *end = strchrnul(path, ':');
    size_t part = (size_t)(end - path);
    if (part + 1 + length < sizeof place) {
      memcpy(place, path, part);
      if (part > 0) place[part++] = '/';
      memcpy(place + part, file, length + 1);
      execve(place, command->arguments, command->environment);
      if (errno == EACCES) {
        error = EACCES;
      } else if (errno != ENOENT && errno != ENOTDIR && errno != ESTALE && errno != ENODEV &&
                 errno != ETIMEDOUT) {
        return -1;
      }
    }
    if (*end == 0) break;
    path = end + 1;
  }
  errno = error;
  return -1;
}

__attribute__((noreturn, noinline)) static void become(const struct cshmtool_command *command,
                                                       int *sources, volatile int *error,
                                                       volatile int *step) {
  *step = CSHMTOOL_STEP_PREPARE;
  if (prepare(command, sources) == 0) {
    *step = CSHMTOOL_STEP_EXECUTE;
    execute(command);
  }
  *error = errno;
  _exit(127);
}

pid_t cshmtool_start(const struct cshmtool_command *command, int *step) {
  volatile int error = 0;
  volatile int reached = CSHMTOOL_STEP_START;
  int *sources = calloc((size_t)command->count + 1, sizeof *sources);
  if (!sources) return -ENOMEM;
  // No handler may run in the child, whose memory is this process's.
  sigset_t all, previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  pid_t child = vfork();
  if (child == 0) become(command, sources, &error, &reached);
  int failure = child < 0 ? errno : error;
  pthread_sigmask(SIG_SETMASK, &previous, NULL);
  free(sources);
  *step = reached;
  if (child > 0 && failure) {
    int status;
    cshmtool_wait(child, &status);
  }
  return failure ? -failure : child;
}

int cshmtool_wait(pid_t child, int *status) {
  pid_t result;
  REPEATED(result, waitpid(child, status, 0));
  return result < 0 ? -errno : 0;
}

int cshmtool_has_ended(pid_t child) {
  siginfo_t info = {0};
  int result;
  REPEATED(result, waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT));
  if (result < 0) return errno == ECHILD ? 1 : -errno;
  return info.si_pid == child;
}

int cshmtool_ended_code(pid_t child) {
  siginfo_t info = {0};
  int result;
  REPEATED(result, waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT));
  if (result < 0) return -errno;
  if (info.si_pid != child) return -EAGAIN;
  return info.si_code == CLD_EXITED ? info.si_status : 256 + info.si_status;
}

int cshmtool_exit_code(int status) {
  return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cshmtool_wait_for_signal(const sigset_t *set, int milliseconds, struct cshmtool_signal *out) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  siginfo_t info;
  int number = sigtimedwait(set, &info, &time);
  if (number > 0) {
    *out = (struct cshmtool_signal){number, info.si_code};
    return 1;
  }
  if (errno != EAGAIN && errno != EINTR) nanosleep(&time, NULL);
  return 0;
}

int cshmtool_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0; }

int cshmtool_next_ended_child(int waits) {
  siginfo_t info = {0};
  if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | (waits ? 0 : WNOHANG)) < 0) return -errno;
  return info.si_pid;
}
