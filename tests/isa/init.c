// The one process of the emulated machine of run_in_bochs: runs /program with the arguments in /arguments
// (one a line), passes what it prints to the emulator through port 0xe9 (a serial line would be emulated at
// its baud rate), says how it ended, and halts.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void Print(const char* text, ssize_t length) {
  for (ssize_t i = 0; i < length; ++i) outb((unsigned char)text[i], 0xe9);
}

int main(void) {
  mkdir("/proc", 0755);
  mkdir("/dev", 0755);
  mkdir("/tmp", 01777);
  mount("dev", "/dev", "devtmpfs", 0, "");
  // There is no console: numbers 0 to 2 must be something before the pipe takes them.
  for (int i = 0; i < 3; ++i) open("/dev/null", O_RDWR);
  mount("proc", "/proc", "proc", 0, "");
  char* arguments[64] = {"/program"};
  static char text[65536], output[65536];
  FILE* file = fopen("/arguments", "r");
  if (file != NULL) {
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    int count = 1;
    for (char* line = strtok(text, "\n"); line != NULL && count < 63; line = strtok(NULL, "\n")) {
      arguments[count++] = line;
    }
  }
  int out[2], status = 0;
  if (iopl(3) != 0 || pipe(out) != 0) return 1;
  const pid_t child = fork();
  if (child == 0) {
    dup2(out[1], 1);
    dup2(out[1], 2);
    close(out[0]);
    close(out[1]);
    execv(arguments[0], arguments);
    printf("cannot start the program: %s\n", strerror(errno));
    fflush(stdout);
    _exit(126);
  }
  close(out[1]);
  for (ssize_t length; (length = read(out[0], output, sizeof(output))) > 0;) Print(output, length);
  waitpid(child, &status, 0);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  Print(output, snprintf(output, sizeof(output), "\nrun_in_bochs exit %d\n", code));
  sync();
  reboot(RB_HALT_SYSTEM);
  return 0;
}
