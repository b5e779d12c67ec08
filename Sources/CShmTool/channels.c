#include "CShmTool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int cshmtool_end_with_parent(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -errno;
  // It may have ended before
  return getppid() == parent ? 0 : -ESRCH;
}

_Static_assert(sizeof(struct cshmtool_processors) == sizeof(cpu_set_t), "the layout of cpu_set_t");

int cshmtool_get_processors(struct cshmtool_processors *set) {
  return sched_getaffinity(0, sizeof *set, (cpu_set_t *)set) == 0 ? 0 : -errno;
}

int cshmtool_set_processors(const struct cshmtool_processors *set) {
  return sched_setaffinity(0, sizeof *set, (const cpu_set_t *)set) == 0 ? 0 : -errno;
}

int cshmtool_keep_processor(struct cshmtool_processors *set, int last) {
  cpu_set_t all, one;
  memcpy(&all, set, sizeof all);
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (!CPU_ISSET(i, &all)) continue;
    if (!last && CPU_COUNT(&one) > 0) break;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
  }
  memcpy(set, &one, sizeof one);
  return CPU_COUNT(&all);
}

int cshmtool_socket_pair(int *ends) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

static int connect_tcp(int listener, int *ends) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t length = sizeof address;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
    return -errno;
  }
  ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (ends[0] < 0) return -errno;
  if (connect(ends[0], (struct sockaddr *)&address, sizeof address) == 0) {
    struct sockaddr_in own, peer;
    socklen_t own_length = sizeof own, peer_length = sizeof peer;
    ends[1] = accept4(listener, (struct sockaddr *)&peer, &peer_length, SOCK_CLOEXEC);
    // Another process may have connected first
    if (ends[1] >= 0 && getsockname(ends[0], (struct sockaddr *)&own, &own_length) == 0) {
      int one = 1;
      if (own.sin_port == peer.sin_port &&
          setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0 &&
          setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0) {
        return 0;
      }
      errno = ECONNABORTED;
    }
    if (ends[1] >= 0) {
      int error = errno;
      close(ends[1]);
      errno = error;
    }
  }
  int error = errno;
  close(ends[0]);
  return -error;
}

int cshmtool_tcp_pair(int *ends) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return -errno;
  int answer = connect_tcp(listener, ends);
  close(listener);
  return answer;
}

int cshmtool_message_queue(size_t *message_size) {
  char name[64];
  snprintf(name, sizeof name, "/shmtool-bench-%d", (int)getpid());
  mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
  if (queue == (mqd_t)-1) return -errno;
  mq_unlink(name);
  struct mq_attr attributes;
  if (mq_getattr(queue, &attributes) != 0) {
    int error = errno;
    mq_close(queue);
    return -error;
  }
  *message_size = (size_t)attributes.mq_msgsize;
  // On Linux a message queue descriptor is a file descriptor
  return (int)queue;
}

int cshmtool_event(void) {
  int event = eventfd(0, EFD_CLOEXEC);
  return event < 0 ? -errno : event;
}

int cshmtool_queue_send(int queue, const void *bytes, size_t count) {
  return mq_send((mqd_t)queue, bytes, count, 0) == 0 ? 0 : -errno;
}

ssize_t cshmtool_queue_receive(int queue, void *bytes, size_t room, int64_t deadline) {
  struct timespec until = {deadline, 0};
  ssize_t count = mq_timedreceive((mqd_t)queue, bytes, room, NULL, &until);
  return count < 0 ? -errno : count;
}

int cshmtool_futex_wait(const uint32_t *word, uint32_t value, int seconds) {
  struct timespec time = {seconds, 0};
  return syscall(SYS_futex, word, FUTEX_WAIT, value, &time, NULL, 0) == 0 ? 0 : -errno;
}

int cshmtool_event_wait(int event, int seconds) {
  struct pollfd entry = {event, POLLIN, 0};
  int count = poll(&entry, 1, seconds * 1000);
  if (count <= 0) return count < 0 ? -errno : -ETIMEDOUT;
  uint64_t number;
  return read(event, &number, sizeof number) < 0 ? -errno : 0;
}

int cshmtool_futex_wake(const uint32_t *word) {
  long count = syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
  return count < 0 ? -errno : (int)count;
}
