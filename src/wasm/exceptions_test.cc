// Exceptions as the model reader meets them: by type, within one another, thrown on, and where memory ends.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "src/base/memory.h"

namespace tempera {
namespace {

struct Counted {
  explicit Counted(int* alive) : alive(alive) { ++*alive; }
  Counted(const Counted& other) : alive(other.alive) { ++*alive; }
  ~Counted() { --*alive; }
  int* alive;
};

TEST(Exceptions, AreCaughtByTheirTypeAndItsBases) {
  const auto kind = [](auto thrown) {
    try {
      throw thrown;
    } catch (const std::out_of_range& e) {
      return std::string("out of range: ") + e.what();
    } catch (const std::exception& e) {
      return std::string("another: ") + e.what();
    } catch (...) {
      return std::string("anything");
    }
  };
  EXPECT_EQ(kind(std::out_of_range("x")), "out of range: x");
  EXPECT_EQ(kind(std::invalid_argument("y")), "another: y");
  EXPECT_EQ(kind(3), "anything");
}

TEST(Exceptions, TidyUpOnTheirWayAndEndWithTheirHandler) {
  int alive = 0, passed = 0;
  try {
    const Counted here(&passed);
    throw Counted(&alive);
  } catch (const Counted& c) {
    EXPECT_EQ(passed, 0);
    EXPECT_EQ(*c.alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Exceptions, OneWithinTheHandlerOfAnother) {
  int first = 0, second = 0;
  try {
    throw Counted(&first);
  } catch (const Counted&) {
    try {
      throw Counted(&second);
    } catch (const Counted&) {
      EXPECT_EQ(second, 1);
    }
    EXPECT_EQ(second, 0);
    EXPECT_EQ(first, 1);
  }
  EXPECT_EQ(first, 0);
}

TEST(Exceptions, ThrownOnFromWithinTheHandlerOfAnother) {
  int outer = 0, inner = 0, seen = 0;
  try {
    throw Counted(&outer);
  } catch (const Counted& held) {
    try {
      try {
        throw Counted(&inner);
      } catch (const Counted&) {
        ++seen;
        throw;
      }
    } catch (const Counted& again) {
      ++seen;
      EXPECT_EQ(again.alive, &inner);
      EXPECT_EQ(inner, 1);
    }
    EXPECT_EQ(inner, 0);
    EXPECT_EQ(held.alive, &outer);
    EXPECT_EQ(outer, 1);
  }
  EXPECT_EQ(outer, 0);
  EXPECT_EQ(seen, 2);
}

// Asked for through a pointer, or the compiler leaves the question out.
void* (*volatile g_new)(size_t) = [](size_t bytes) { return ::operator new(bytes); };

TEST(Exceptions, MemoryThatEndsIsOneWhereTheReaderWaitsForIt) {
  EXPECT_FALSE(BadAllocIsCaught());
  int caught = 0;
  for (int i = 0; i < 3; ++i) {
    try {
      const CatchesBadAlloc here;
      EXPECT_TRUE(BadAllocIsCaught());
      std::free(g_new(SIZE_MAX / 2));
    } catch (const std::bad_alloc&) {
      ++caught;
    }
  }
  EXPECT_EQ(caught, 3);
  EXPECT_FALSE(BadAllocIsCaught());
}

// Not even what the exception itself takes is left, twice.
TEST(Exceptions, MemoryThatEndsForTheExceptionToo) {
  for (int i = 0; i < 2; ++i) {
    std::vector<void*> all;
    all.reserve(1 << 20);
    for (size_t bytes = size_t{1} << 28; bytes >= 8; bytes /= 2) {
      while (void* const block = std::malloc(bytes)) {
        if (all.size() == all.capacity()) break;
        all.push_back(block);
      }
    }
    bool caught = false;
    try {
      const CatchesBadAlloc here;
      std::free(g_new(4096));
    } catch (const std::bad_alloc&) {
      caught = true;
    }
    for (void* block : all) std::free(block);
    EXPECT_TRUE(caught);
  }
}

}  // namespace
}  // namespace tempera
