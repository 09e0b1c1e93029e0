// Starts itself again with the stand-in loaded before the C library, and then runs the tests.
#include <gmock/gmock.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  const char* loaded = getenv("LD_PRELOAD");
  if (!loaded || std::string(loaded).find(TEMPERA_STAND_IN_LIBRARY) == std::string::npos) {
    setenv("LD_PRELOAD", TEMPERA_STAND_IN_LIBRARY, 1);
    execv("/proc/self/exe", argv);
    perror("cannot start again with the stand-in");
    return 1;
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
