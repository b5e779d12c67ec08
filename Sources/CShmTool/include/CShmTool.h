// The C functions of the tool: its start, child processes, signals, and the exhaustion of the heap.
//
// Every function returns the result of the call, or -errno.

#ifndef CSHMTOOL_H
#define CSHMTOOL_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#if defined(__cplusplus)
extern "C" {
#endif

/// From now on the process exits with `status` and a message on stderr if the heap cannot grow. If JSON was requested,
/// the last line is the error as JSON, with `code` and the version `schema`.
///
/// The Swift runtime has no error for this. It aborts, or writes through a null pointer.
void cshmtool_exit_if_exhausted(int status, const char *code, int schema);

// MARK: Start

// The arguments that this process was started with; NULL after the last
const char *cshmtool_argument(int index);
// The name that ps(1) shows, up to 15 bytes. PR_SET_NAME of prctl(2)
void cshmtool_set_name(const char *name);
// Sends one datagram to a Unix socket, as sd_notify(3) does; a path that begins with `@` is an abstract name
int cshmtool_notify(const char *path, const char *message);

// MARK: The terminal

// The number of columns and rows of a terminal, 0 if unknown, or -errno. TIOCGWINSZ of ioctl(2)
int cshmtool_terminal_columns(int descriptor);
int cshmtool_terminal_rows(int descriptor);
// Whether both descriptors are the same terminal
int cshmtool_is_same_terminal(int input, int output);
// Reads a terminal key by key without echo, until keys_end restores its modes. tcsetattr(3)
void cshmtool_keys_begin(int descriptor);
void cshmtool_keys_end(int descriptor);
// The next byte that was typed, 0 if there is no byte now, or -1 at the end of input
int cshmtool_key(int descriptor);

// MARK: Signals

// signalfd(2), close-on-exec and non-blocking
int cshmtool_signalfd(const sigset_t *mask);
struct cshmtool_signal {
  int number;
  int code;
};
// Reads one signal from a signalfd: returns 1, or 0 if no signal is pending
int cshmtool_signalfd_read(int descriptor, struct cshmtool_signal *out);
// Restores the default disposition of a signal, unblocks it and raises it: returns only if the signal is ignored
void cshmtool_reraise(int number);
// Stops the process as a stop signal does by default, although the signal is blocked, until SIGCONT
void cshmtool_stop(int number);
// Whether the process ignores the signal. sigaction(2)
int cshmtool_is_ignored(int number);

// Starts a thread that forwards signals to a command. From this call on the set is blocked in the calling thread
// and in the threads that it starts. Returns 0, or -errno. signalfd(2)
struct cshmtool_forwarder;
int cshmtool_forward_start(const sigset_t *set, struct cshmtool_forwarder **out);
// Sets the command, and its pidfd, or -1. The pidfd must stay open until the end. Signals that are pending
// already are forwarded.
void cshmtool_forward_to(struct cshmtool_forwarder *forwarder, pid_t child, int watch);
// Ends the forwarding; called before the command is waited for
void cshmtool_forward_stop(struct cshmtool_forwarder *forwarder);

// MARK: Wait statuses (macros)

// The exit status, or 256 + the number of the signal that ended the process
int cshmtool_exit_code(int status);

// A command and the properties of the child process that runs it
struct cshmtool_command {
  // Looked up in PATH if it contains no slash
  const char *file;
  char *const *arguments;
  char *const *environment;
  // The descriptors that become 0 and 1; -1 for those of this process
  int input;
  int output;
  // The descriptors that become 3, 4, …
  const int *descriptors;
  int count;
  int new_session;
  // Whether the child becomes the leader of a process group
  int new_group;
  // Whether every descriptor from 3 + count on is closed
  int close_others;
  // The signals that get the default disposition; the child blocks no signals
  sigset_t defaults;
};
// Raises the soft limit on open files to the hard limit; commands get the original limit. setrlimit(2)
void cshmtool_raise_file_limit(void);
enum { CSHMTOOL_STEP_START, CSHMTOOL_STEP_PREPARE, CSHMTOOL_STEP_EXECUTE };
// Starts a command. Returns the process ID of the child, or -errno and the step that failed; no child runs then.
// vfork(2), execve(2)
pid_t cshmtool_start(const struct cshmtool_command *command, int *step);
// Waits for the end of a child, and reaps it. waitpid(2)
int cshmtool_wait(pid_t child, int *status);
// Whether a child has ended, 1 or 0; does not reap it. waitid(2)
int cshmtool_has_ended(pid_t child);
// The exit code of a child that has ended, 256 + n for signal n; -EAGAIN if it has not ended. Does not reap it.
// waitid(2), WNOWAIT
int cshmtool_ended_code(pid_t child);
// Waits for a blocked signal of the set without a descriptor: returns 1, or 0 after the time limit.
// sigtimedwait(2)
int cshmtool_wait_for_signal(const sigset_t *set, int milliseconds, struct cshmtool_signal *out);
// Makes this process the parent of descendants whose own parent ends. PR_SET_CHILD_SUBREAPER of prctl(2)
int cshmtool_adopt_orphans(void);
// The process ID of a child that has ended and was not reaped; 0 if no child has ended and the call does not wait;
// -ECHILD if there is no child. waitid(2)
int cshmtool_next_ended_child(int waits);

// The commit that the program was built from; empty if it is unknown.
const char *cshmtool_commit(void);

// MARK: Channels between two processes, for measurements. Each function returns 0 or a count, or -errno.

// Sends SIGKILL to this process when its parent ends; -ESRCH if `parent` is not its parent any more. prctl(2)
int cshmtool_end_with_parent(pid_t parent);
// The processors that this thread may use, as bits. sched_getaffinity(2), sched_setaffinity(2)
struct cshmtool_processors {
  unsigned long bits[1024 / (8 * sizeof(unsigned long))];
};
int cshmtool_get_processors(struct cshmtool_processors *set);
int cshmtool_set_processors(const struct cshmtool_processors *set);
// Leaves only the first or the last processor in a set, and returns how many there were.
int cshmtool_keep_processor(struct cshmtool_processors *set, int last);
// Two connected stream sockets. unix(7)
int cshmtool_socket_pair(int *ends);
// Two sockets that are connected through the loopback interface, without Nagle's algorithm. tcp(7)
int cshmtool_tcp_pair(int *ends);
// A message queue without a name, and the largest size of its messages. Returns its descriptor. mq_overview(7)
int cshmtool_message_queue(size_t *message_size);
// An event, and a wait for it that resets it. eventfd(2), poll(2)
int cshmtool_event(void);
int cshmtool_event_wait(int event, int seconds);
int cshmtool_queue_send(int queue, const void *bytes, size_t count);
// The deadline is in seconds since 1970; -ETIMEDOUT after it
ssize_t cshmtool_queue_receive(int queue, void *bytes, size_t room, int64_t deadline);
// Waits while a word in shared memory has a value; wakes all processes that wait. futex(2)
int cshmtool_futex_wait(const uint32_t *word, uint32_t value, int seconds);
int cshmtool_futex_wake(const uint32_t *word);

#if defined(__cplusplus)
}
#endif
#endif
