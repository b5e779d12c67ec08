#include "CShm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

// The number is the same on every architecture; Debian 12's headers lack it. Linux 6.6
enum { CSHM_SYS_fchmodat2 = 452 };

static int address_of(const char *path, struct sockaddr_un *address, socklen_t *length) {
  size_t bytes = strlen(path);
  if (bytes == 0 || bytes >= sizeof address->sun_path) return -ENAMETOOLONG;
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, bytes + 1);
  *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes + 1);
  return 0;
}

int cshm_packet_socket(void) {
  int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return descriptor < 0 ? -errno : descriptor;
}

// The umask and the working directory belong to the whole process, and other threads use them. A child of
// vfork(2) has its own copies of both, and shares the open files: it can make a name with its final mode in
// one call, relative to a directory.
struct creation {
  int directory;
  const char *name;
  mode_t mode;
  int socket;
  struct sockaddr_un address;
  socklen_t length;
};

static int create_now(const struct creation *what) {
  int result = what->socket < 0 ? mkdirat(what->directory, what->name, what->mode)
                                : bind(what->socket, (const struct sockaddr *)&what->address,
                                       what->length);
  return result < 0 ? -errno : 0;
}

// Whether the umask was seen to leave an owner's rights alone. If it changes later, the caller sees the
// mode, and repairs it.
static atomic_bool owner_is_spared;

static int create_in_child(const struct creation *what) {
  // What remains if the child cannot be started, or is killed before it has an answer.
  volatile int result = -ECHILD;
  volatile mode_t mask = 0777;
  pid_t child = vfork();
  if (child == 0) {
    mask = umask(0);
    if (what->socket < 0 || fchdir(what->directory) == 0)
      result = create_now(what);
    _exit(0);
  }
  if (child < 0) return -ECHILD;
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
  if ((mask & 0700) == 0) atomic_store(&owner_is_spared, true);
  return result;
}

int cshm_make_directory(const char *path, mode_t mode) {
  struct creation what = {.directory = AT_FDCWD, .name = path, .mode = mode, .socket = -1};
  if (atomic_load(&owner_is_spared)) return create_now(&what);
  int result = create_in_child(&what);
  // Without a child the umask may take rights away, which the caller then sees.
  return result == -ECHILD ? create_now(&what) : result;
}

int cshm_bind(int socket, int directory, const char *name, const char *path) {
  struct creation what = {.directory = directory, .socket = socket};
  int result = address_of(name, &what.address, &what.length);
  if (result < 0) return result;
  // bind(2) makes the file with the mode of the socket's own inode, less the umask.
  if (fchmod(socket, 0600) < 0) return -errno;
  // A child takes a while in which others may remove an empty directory.
  char through[64 + NAME_MAX];
  snprintf(through, sizeof through, "/proc/self/fd/%d/%s", directory, name);
  struct creation direct = {.socket = socket};
  if (atomic_load(&owner_is_spared) &&
      address_of(through, &direct.address, &direct.length) == 0) {
    result = create_now(&direct);
    if (result == 0 || result == -EADDRINUSE) return result;
  }
  result = create_in_child(&what);
  if (result != -ECHILD) return result;
  result = address_of(path, &what.address, &what.length);
  return result < 0 ? result : create_now(&what);
}

int cshm_listen(int socket, int backlog) { return listen(socket, backlog) < 0 ? -errno : 0; }

int cshm_connect(int socket, const char *path) {
  struct sockaddr_un address;
  socklen_t length;
  int result = address_of(path, &address, &length);
  if (result < 0) return result;
  return connect(socket, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
}

int cshm_stop_receiving(int descriptor) { return shutdown(descriptor, SHUT_RD) < 0 ? -errno : 0; }

int cshm_change_mode(int descriptor, mode_t mode) {
  // fchmod(2) refuses what was opened with O_PATH.
  if (syscall(CSHM_SYS_fchmodat2, descriptor, "", mode, AT_EMPTY_PATH) == 0) return 0;
  int first = errno;
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
  if (chmod(path, mode) == 0) return 0;
  return errno == ENOENT ? -first : -errno;
}

int cshm_accept(int descriptor) {
  int peer = accept4(descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return peer < 0 ? -errno : peer;
}

int cshm_peer(int descriptor, pid_t *process, uid_t *user) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0) return -errno;
  *process = credentials.pid;
  *user = credentials.uid;
  return 0;
}

ssize_t cshm_send(int descriptor, const void *bytes, size_t count, const int *descriptors,
                  int number) {
  struct iovec piece = {(void *)bytes, count};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int) * CSHM_MAXIMUM_DESCRIPTORS)];
  } control;
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  if (number > CSHM_MAXIMUM_DESCRIPTORS) return -EINVAL;
  if (number > 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)number);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)number);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)number);
  }
  ssize_t sent;
  do {
    sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

ssize_t cshm_receive(int descriptor, void *bytes, size_t count, int *descriptors, int *number) {
  struct iovec piece = {bytes, count};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int) * CSHM_MAXIMUM_DESCRIPTORS)];
  } control;
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  *number = 0;
  ssize_t received = recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC);
  if (received < 0) return -errno;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t found = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < found; i++) {
      int passed;
      memcpy(&passed, CMSG_DATA(header) + i * sizeof passed, sizeof passed);
      if (*number < CSHM_MAXIMUM_DESCRIPTORS)
        descriptors[(*number)++] = passed;
      else
        close(passed);
    }
  }
  // What was cut off cannot be trusted: the caller sees too many bytes or descriptors.
  if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
    for (int i = 0; i < *number; i++) close(descriptors[i]);
    // Fewer than there is room for: this process may have no more, or may not have these.
    int cut = message.msg_flags & MSG_CTRUNC && *number < CSHM_MAXIMUM_DESCRIPTORS;
    *number = 0;
    return cut ? -EMFILE : -EMSGSIZE;
  }
  return received;
}

int cshm_eventfd(void) {
  int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return descriptor < 0 ? -errno : descriptor;
}

int cshm_epoll(void) {
  int descriptor = epoll_create1(EPOLL_CLOEXEC);
  return descriptor < 0 ? -errno : descriptor;
}

int cshm_epoll_add(int epoll, int descriptor, int place, int once) {
  struct epoll_event interest = {
      .events = EPOLLIN | (once ? EPOLLET : 0), .data.u32 = (unsigned int)place};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &interest) < 0 ? -errno : 0;
}

int cshm_epoll_wait(int epoll, int milliseconds, unsigned int *ready) {
  enum { most = 32 };
  struct epoll_event found[most];
  int count = epoll_wait(epoll, found, most, milliseconds);
  if (count < 0) return -errno;
  *ready = 0;
  for (int i = 0; i < count; i++) *ready |= 1u << found[i].data.u32;
  return count;
}

int cshm_try_lock(int descriptor) {
  return flock(descriptor, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK ? -1 : 0;
}

int cshm_unlock(int descriptor) { return flock(descriptor, LOCK_UN) < 0 ? -errno : 0; }

ssize_t cshm_write_now(int descriptor, const void *head, size_t head_count, const void *bytes,
                       size_t count) {
  struct iovec pieces[] = {{(void *)head, head_count}, {(void *)bytes, count}};
  ssize_t written = pwritev2(descriptor, pieces, 2, -1, RWF_NOWAIT);
  return written < 0 ? -errno : written;
}

ssize_t cshm_read_now(int descriptor, void *bytes, size_t count) {
  struct iovec piece = {bytes, count};
  ssize_t found = preadv2(descriptor, &piece, 1, -1, RWF_NOWAIT);
  return found < 0 ? -errno : found;
}

int cshm_keeps_messages(int descriptor) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type != SOCK_STREAM;
}

ssize_t cshm_receive_message(int descriptor, void *bytes, size_t count) {
  ssize_t found = recv(descriptor, bytes, count, MSG_TRUNC | MSG_DONTWAIT);
  return found < 0 ? -errno : found;
}

uint64_t cshm_random(void) {
  uint64_t number = 0;
  // Up to 256 bytes are always given whole.
  if (getrandom(&number, sizeof number, 0) != sizeof number) return 0;
  return number;
}
