// What only the tool needs of C: its start, commands that it runs, signals, and a heap that cannot grow.
//
// Every function returns what the call returns, or -errno.

#ifndef CSHMTOOL_H
#define CSHMTOOL_H

#include <signal.h>
#include <sys/types.h>

#if defined(__cplusplus)
extern "C" {
#endif

/// From now on the process exits with `status` and a message on stderr if the heap cannot grow.
///
/// The Swift runtime has no error for this. It aborts, or writes through a null pointer.
void cshmtool_exit_if_exhausted(int status);

// MARK: Start

// The arguments that this process was started with; NULL after the last
const char *cshmtool_argument(int index);
// The name that ps(1) shows, up to 15 bytes. PR_SET_NAME of prctl(2)
void cshmtool_set_name(const char *name);
// One datagram to a Unix socket, as sd_notify(3) sends it; `@` begins an abstract name
int cshmtool_notify(const char *path, const char *message);

// MARK: The terminal

// How many columns and rows a terminal has, 0 if unknown, or -errno. TIOCGWINSZ of ioctl(2)
int cshmtool_terminal_columns(int descriptor);
int cshmtool_terminal_rows(int descriptor);

// MARK: Signals

// signalfd(2), close-on-exec and non-blocking
int cshmtool_signalfd(const sigset_t *mask);
struct cshmtool_signal {
  int number;
  int code;
};
// One signal read from a signalfd: 1, or 0 if no signal is pending
int cshmtool_signalfd_read(int descriptor, struct cshmtool_signal *out);
// The default disposition again, unblocked, and raised: returns only if the signal is ignored
void cshmtool_reraise(int number);
// Whether the process ignores the signal. sigaction(2)
int cshmtool_is_ignored(int number);

// Passes signals on to a command, on a separate thread. The set is blocked from here on in the
// calling thread and in those that it starts: 0, or -errno. signalfd(2)
struct cshmtool_forwarder;
int cshmtool_forward_start(const sigset_t *set, struct cshmtool_forwarder **out);
// The command, and a pidfd that stays open until the end, or -1: what has come so far is passed on
void cshmtool_forward_to(struct cshmtool_forwarder *forwarder, pid_t child, int watch);
// Passes nothing on any more, before the command is waited for
void cshmtool_forward_stop(struct cshmtool_forwarder *forwarder);

// MARK: Wait statuses (macros)

// The exit code, or 128 + the number of the signal that ended the process
int cshmtool_exit_code(int status);

// A command that is to run as a child
struct cshmtool_command {
  // Found by PATH if it has no slash
  const char *file;
  char *const *arguments;
  char *const *environment;
  // These become 0 and 1; -1 for this process's
  int input;
  int output;
  // These become 3, 4, …
  const int *descriptors;
  int count;
  int new_session;
  // Whether it leads a process group
  int new_group;
  // Whether everything from 3 + count on is closed
  int close_others;
  // The signals that get the default disposition; none is blocked in the child
  sigset_t defaults;
};
// The soft limit on open files up to the hard one, except for commands. setrlimit(2)
void cshmtool_raise_file_limit(void);
enum { CSHMTOOL_STEP_START, CSHMTOOL_STEP_PREPARE, CSHMTOOL_STEP_EXECUTE };
// The child's number, or -errno and the step that failed: nothing runs then. vfork(2), execve(2)
pid_t cshmtool_start(const struct cshmtool_command *command, int *step);
// Waits for the end of a child, and takes its status. waitpid(2)
int cshmtool_wait(pid_t child, int *status);
// Whether a child has ended, 1 or 0; its status stays to be taken. waitid(2)
int cshmtool_has_ended(pid_t child);
// the exit code of a child that has ended and is still to be waited for, 128 + n for signal n; -EAGAIN if it
// has not ended. waitid(2), WNOWAIT
int cshmtool_ended_code(pid_t child);
// A blocked signal of the set, waited for without a descriptor: 1, or 0 if none has come.
// sigtimedwait(2)
int cshmtool_wait_for_signal(const sigset_t *set, int milliseconds, struct cshmtool_signal *out);
// Makes this process the parent of descendants whose parent has ended. PR_SET_CHILD_SUBREAPER of prctl(2)
int cshmtool_adopt_orphans(void);
// The number of a child that has ended, which stays to be waited for; 0 if none has and it is not to wait,
// -ECHILD if there is no child. waitid(2)
int cshmtool_next_ended_child(int waits);

#if defined(__cplusplus)
}
#endif
#endif
