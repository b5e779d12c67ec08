#include "CShmTool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

// The thread takes signals that every thread of the process blocks. It calls nothing but system
// calls, so it needs no lock that another thread may hold.
struct cshmtool_forwarder {
  pthread_t thread;
  sigset_t set;
  // Readable when a signal of the set is pending; -1 if the kernel refuses signalfd(2)
  int signals;
  // 0 until the command runs, -1 after its end. Released after `watch` is set, acquired before it is
  // used.
  atomic_int child;
  // A pidfd of the command, or -1
  int watch;
  atomic_int ends;
};

static void pause_for(long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}

static int next_signal(struct cshmtool_forwarder *forwarder, siginfo_t *info) {
  memset(info, 0, sizeof *info);
  if (forwarder->signals < 0) return sigwaitinfo(&forwarder->set, info);
  struct signalfd_siginfo found;
  if (read(forwarder->signals, &found, sizeof found) != sizeof found) return -1;
  info->si_signo = (int)found.ssi_signo;
  info->si_code = found.ssi_code;
  if (found.ssi_code <= 0) {
    info->si_pid = (pid_t)found.ssi_pid;
    info->si_uid = found.ssi_uid;
  }
  if (found.ssi_code == SI_QUEUE) info->si_value.sival_ptr = (void *)(uintptr_t)found.ssi_ptr;
  return info->si_signo;
}

void cshmtool_stop(int number) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  raise(number);
  pthread_sigmask(SIG_UNBLOCK, &one, NULL);
  pthread_sigmask(SIG_BLOCK, &one, NULL);
}

static int is_stop(int number) {
  return number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

// What a terminal sends goes to every process of its foreground group.
static int is_of_terminal(const siginfo_t *info) {
  if (info->si_code != SI_KERNEL) return 0;
  switch (info->si_signo) {
    case SIGINT:
    case SIGQUIT:
    case SIGHUP:
    case SIGCONT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
    case SIGWINCH: return 1;
    default: return 0;
  }
}

// The value of sigqueue(3) goes along. An error means that the command has ended.
static void send(pid_t child, int watch, siginfo_t *info) {
  siginfo_t *given = info->si_code == SI_QUEUE ? info : NULL;
  if (watch < 0) {
    kill(child, info->si_signo);
  } else if (syscall(SYS_pidfd_send_signal, watch, info->si_signo, given, 0) < 0 && given) {
    syscall(SYS_pidfd_send_signal, watch, info->si_signo, NULL, 0);
  }
}

static void *forward(void *argument) {
  struct cshmtool_forwarder *forwarder = argument;
  while (1) {
    siginfo_t info;
    int number = next_signal(forwarder, &info);
    if (atomic_load(&forwarder->ends)) return NULL;
    if (number <= 0) {
      // Interrupted, or refused by a sandbox: repeat after a pause.
      if (errno != EINTR) pause_for(20);
      continue;
    }
    int is_sent = info.si_code == SI_USER || info.si_code == SI_QUEUE || info.si_code == SI_TKILL;
    if (is_sent && info.si_pid == getpid()) continue;
    pid_t child;
    while ((child = atomic_load_explicit(&forwarder->child, memory_order_acquire)) == 0) {
      if (atomic_load(&forwarder->ends)) return NULL;
      pause_for(1);
    }
    if (child > 0 && !(is_of_terminal(&info) && getpgid(child) == getpgrp()))
      send(child, forwarder->watch, &info);
    // The default action stops the process, except in an orphaned process group, where the kernel ignores the signal.
    if (is_stop(number)) cshmtool_stop(number);
  }
}

int cshmtool_forward_start(const sigset_t *set, struct cshmtool_forwarder **out) {
  struct cshmtool_forwarder *forwarder = calloc(1, sizeof *forwarder);
  if (!forwarder) return -ENOMEM;
  forwarder->set = *set;
  // What ends the thread.
  sigaddset(&forwarder->set, SIGURG);
  forwarder->watch = -1;
  sigset_t all, previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  forwarder->signals = signalfd(-1, &forwarder->set, SFD_CLOEXEC);
  int error = pthread_create(&forwarder->thread, NULL, forward, forwarder);
  if (error == 0) {
    sigset_t blocked = previous;
    for (int number = 1; number < NSIG; number++)
      if (sigismember(&forwarder->set, number) == 1) sigaddset(&blocked, number);
    pthread_sigmask(SIG_SETMASK, &blocked, NULL);
    *out = forwarder;
    return 0;
  }
  pthread_sigmask(SIG_SETMASK, &previous, NULL);
  if (forwarder->signals >= 0) close(forwarder->signals);
  free(forwarder);
  return -error;
}

void cshmtool_forward_to(struct cshmtool_forwarder *forwarder, pid_t child, int watch) {
  forwarder->watch = watch;
  atomic_store_explicit(&forwarder->child, child, memory_order_release);
}

void cshmtool_forward_stop(struct cshmtool_forwarder *forwarder) {
  atomic_store(&forwarder->ends, 1);
  int error;
  while ((error = pthread_kill(forwarder->thread, SIGURG)) == EAGAIN) pause_for(1);
  if (error) {
    // A sandbox refuses the signal. The thread keeps waiting until the process ends, with what it uses.
    pthread_detach(forwarder->thread);
    return;
  }
  pthread_join(forwarder->thread, NULL);
  if (forwarder->signals >= 0) close(forwarder->signals);
  free(forwarder);
}

int cshmtool_signalfd(const sigset_t *mask) {
  int descriptor = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
  return descriptor < 0 ? -errno : descriptor;
}

int cshmtool_signalfd_read(int descriptor, struct cshmtool_signal *out) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  if (count < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  if (count != sizeof info) return -EIO;
  out->number = (int)info.ssi_signo;
  out->code = info.ssi_code;
  return 1;
}

void cshmtool_reraise(int number) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t mask;
  sigaction(number, &action, NULL);
  sigemptyset(&mask);
  sigaddset(&mask, number);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &mask, NULL);
}

int cshmtool_is_ignored(int number) {
  struct sigaction action;
  return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
