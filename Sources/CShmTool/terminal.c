#include "CShmTool.h"

#include <errno.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

// The modes before the screen; valid while keys are read one by one
static struct termios modes;
static int has_modes;

int cshmtool_is_same_terminal(int input, int output) {
  struct stat one, other;
  if (!isatty(input) || !isatty(output)) return 0;
  if (fstat(input, &one) < 0 || fstat(output, &other) < 0) return 0;
  return one.st_rdev == other.st_rdev;
}

void cshmtool_keys_begin(int descriptor) {
  struct termios keys;
  if (tcgetattr(descriptor, &keys) < 0) return;
  // After SIGSTOP the terminal may still have the modes of the screen. Modes that a shell or stty(1) set since then are
  // restored at the end.
  if (!has_modes || (keys.c_lflag & (ICANON | ECHO))) modes = keys;
  has_modes = 1;
  // ISIG stays set, so Ctrl-C and Ctrl-Z still send signals.
  keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  tcsetattr(descriptor, TCSADRAIN, &keys);
}

void cshmtool_keys_end(int descriptor) {
  if (!has_modes) return;
  has_modes = 0;
  tcsetattr(descriptor, TCSADRAIN, &modes);
}

int cshmtool_key(int descriptor) {
  unsigned char key;
  ssize_t count = read(descriptor, &key, 1);
  if (count == 1) return key;
  return count < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : -1;
}
