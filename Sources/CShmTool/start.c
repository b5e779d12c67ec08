#include "CShmTool.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// What the C library hands every constructor: Swift's own reads /proc/self/cmdline, which may not
// be there.
static int word_count;
static char **words;
__attribute__((constructor)) static void keep_arguments(int count, char **vector) {
  word_count = count;
  words = vector;
}

const char *cshmtool_argument(int index) { return index < word_count ? words[index] : NULL; }

#ifdef CSHMTOOL_WRAPPED
// Replaces a function of the Swift runtime in a release (--wrap, in Package.swift). At each start the
// runtime looks for a debugger of the toolchain beside the program, and ends the program without /proc.
// The reference to the original makes the link fail if the runtime gives the function another name.
char *__real_swift_copyAuxiliaryExecutablePath(const char *name);
__attribute__((used, retain)) static char *(*const replaced)(const char *) =
    __real_swift_copyAuxiliaryExecutablePath;

char *__wrap_swift_copyAuxiliaryExecutablePath(const char *name);
char *__wrap_swift_copyAuxiliaryExecutablePath(const char *name) {
  (void)name;
  return NULL;
}
#endif

int cshmtool_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) < 0 ? -errno : size.ws_col;
}

int cshmtool_terminal_rows(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) < 0 ? -errno : size.ws_row;
}

int cshmtool_notify(const char *path, const char *message) {
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

void cshmtool_set_name(const char *name) { prctl(PR_SET_NAME, name); }
