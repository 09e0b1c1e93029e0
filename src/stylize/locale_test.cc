// A host may have a locale in which one and a half is written 1,5: nothing of ours changes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <locale>
#include <stdexcept>
#include <string>
#include <vector>

#include "src/base/memory.h"
#include "src/metadata/model_metadata.h"
#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

constexpr const char* kLocale = "de_DE.UTF-8";

// The locale of the process, in C and in C++, for one test; made with localedef where the system has none.
class DecimalComma : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::setlocale(LC_ALL, kLocale) == nullptr) {
      folder_ = std::filesystem::temp_directory_path() / ("tempera_locale_" + std::to_string(getpid()));
      std::filesystem::create_directories(folder_);
      const std::string make =
          "localedef -i de_DE -f UTF-8 " + (folder_ / kLocale).string() + " >/dev/null 2>&1";
      (void)std::system(make.c_str());
      setenv("LOCPATH", folder_.c_str(), 1);
      if (std::setlocale(LC_ALL, kLocale) == nullptr) {
        GTEST_SKIP() << "there is no " << kLocale << " here, and localedef cannot make it";
      }
    }
    std::locale::global(std::locale(kLocale));
    char text[16];
    std::snprintf(text, sizeof(text), "%.1f", 1.5);
    ASSERT_STREQ(text, "1,5") << "the locale does nothing: this test would not fail";
  }
  void TearDown() override {
    std::locale::global(std::locale::classic());
    std::setlocale(LC_ALL, "C");
    if (folder_.empty()) return;
    unsetenv("LOCPATH");
    std::filesystem::remove_all(folder_);
  }

 private:
  std::filesystem::path folder_;
};

// Paints grey 100 with a model whose numbers mean `range`.
int PaintedGrey(const char* range) {
  // Adds half: the range decides what that is in levels.
  const TestModel model = AffineModel(1, 0.5f).Metadata("tempera.value_range", range);
  const std::string bytes = model.Bytes();
  Expected<tempera::Stylizer> stylizer = tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), Options());
  if (!stylizer) {
    ADD_FAILURE() << stylizer.error().message;
    return -1;
  }
  std::vector<uint8_t> in(3 * 16 * 16, 100), out(in.size());
  if (const Error e = stylizer->Process(MakeImage(TEMPERA_RGB, in.data(), 16, 16),
                                        MakeImage(TEMPERA_RGB, out.data(), 16, 16))) {
    ADD_FAILURE() << e.message;
  }
  return out[0];
}

TEST_F(DecimalComma, MetadataIsReadAsItIsWritten) {
  EXPECT_EQ(PaintedGrey("0..2.5"), 151);     // 100 + 0.5 * 255 / 2.5
  EXPECT_EQ(PaintedGrey("-0.5..1.5"), 164);  // 100 + 0.5 * 255 / 2
}

TEST_F(DecimalComma, ParametersAreReadAsTheyAreWritten) {
  const auto p = metadata::ParseParameter("a", "range = 0.5..1.5; default = 0.75", 1, {});
  ASSERT_TRUE(p.ok()) << p.status().message();
  EXPECT_EQ(p->defaults[0], 0.75f);
}

TEST_F(DecimalComma, MessagesSayNumbersAsEver) {
  EXPECT_EQ(BytesToString(9.1 * 1073741824.0), "9.1 GiB");
  const std::string bytes = AffineModel(1, 0).Bytes();
  Expected<tempera::Stylizer> stylizer = tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), Options());
  ASSERT_TRUE(stylizer);
  const Error error = stylizer->SetStrength(1.5f);
  EXPECT_NE(std::string(error.message).find("1.5"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace tempera::stylize
