#include "media/filter_library.h"

#include <dlfcn.h>

#include <cstdlib>

#include "media/test_clip.h"

namespace tempera::media {
namespace {

bool IsLoaded() { return dlopen(FilterLibraryName().c_str(), RTLD_LAZY | RTLD_NOLOAD) != nullptr; }

TEST(FilterLibrary, LoadsTheOneOfTheHeaders) {
  const Result<const FilterLibrary*> filters = Filters();
  ASSERT_STATUS_OK(filters.status());
  EXPECT_TRUE(IsLoaded());
  EXPECT_NE((*filters)->get_by_name("scale"), nullptr);
  EXPECT_EQ((*filters)->get_by_name("no-such-filter"), nullptr);
  EXPECT_EQ(*Filters(), *filters);
}

TEST(FilterLibrary, SaysWhatToDoWhenItIsMissing) {
  // A library that is not there, and one that has none of the functions.
  for (const char* name : {"libavfilter.so.0", "libc.so.6"}) {
    const Result<FilterLibrary> filters = LoadFilterLibrary(name);
    ASSERT_EQ(filters.status().code(), StatusCode::kUnsupported) << name;
    EXPECT_NE(filters.status().message().find(name), std::string::npos) << filters.status().message();
    EXPECT_NE(filters.status().message().find("install libavfilter"), std::string::npos)
        << filters.status().message();
    EXPECT_EQ(filters.status().message().find('\n'), std::string::npos) << filters.status().message();
  }
}

// Each in a process of its own, which starts without the library.
class FilterLibraryDeathTest : public ClipTest {};

TEST_F(FilterLibraryDeathTest, APlainFilmNeedsNone) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto copies = [&](const std::string& from, bool filtered) {
    const bool copied = Copy(from, Path("copy.mp4")).ok();
    std::filesystem::remove_all(folder_);
    if (!copied) std::exit(2);
    std::exit(IsLoaded() == filtered ? 0 : 1);
  };
  const std::string source =
      "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -f lavfi -i sine=440:d=1 -c:a aac -c:v libx264 ";
  EXPECT_EXIT(copies(Make(source + "-pix_fmt yuv420p", "plain.mp4"), false), testing::ExitedWithCode(0), "");
  // What this test sees at all.
  EXPECT_EXIT(copies(Make(source + "-pix_fmt yuv444p", "full.mp4"), true), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tempera::media
