// Findings on disk: what comes back is what was written, or nothing; and nothing that lies there can hurt.
#include "src/engine/precision/calibration_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "src/base/cpu.h"
#include "src/engine/precision/calibration_bytes.h"
#include "src/engine/precision/calibration_frame.h"
#include "src/engine/run/model_builder_for_test.h"

namespace tempera::engine {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

constexpr Digest kKey = {12, 34};

Calibration Finding() {
  Calibration c;
  c.info = {"int8 but the last in fp32", 41.25};
  c.convs.resize(3);
  c.convs[0] = {Precision::kInt8, {{0, -1, 2}, {255, 1, 2.5f}}};
  c.convs[1] = {Precision::kInt8, {{-8}, {8}}};
  return c;
}

TEST(CalibrationBytes, ComeBackAsTheyWere) {
  const Calibration finding = Finding();
  const std::optional<Calibration> back = CalibrationFromBytes(CalibrationToBytes(finding, kKey), kKey);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->info.chosen, finding.info.chosen);
  EXPECT_EQ(back->info.psnr_db, finding.info.psnr_db);
  ASSERT_EQ(back->convs.size(), finding.convs.size());
  for (size_t i = 0; i < finding.convs.size(); ++i) {
    EXPECT_EQ(back->convs[i].precision, finding.convs[i].precision);
    EXPECT_EQ(back->convs[i].ranges.low, finding.convs[i].ranges.low);
    EXPECT_EQ(back->convs[i].ranges.high, finding.convs[i].ranges.high);
  }
  EXPECT_FALSE(CalibrationFromBytes(CalibrationToBytes(finding, kKey), Digest{12, 35}).has_value());
}

TEST(CalibrationBytes, CutOffOrChangedAnywhereAreRefused) {
  const Bytes whole = CalibrationToBytes(Finding(), kKey);
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(CalibrationFromBytes(std::span(whole).first(length), kKey).has_value()) << length;
  }
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    Bytes bytes = whole;
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    EXPECT_FALSE(CalibrationFromBytes(bytes, kKey).has_value()) << bit;
  }
  Bytes longer = whole;
  longer.push_back(0);
  EXPECT_FALSE(CalibrationFromBytes(longer, kKey).has_value());
}

// A body that somebody wrote on purpose, with its digest.
Bytes Signed(Bytes body) {
  const Digest digest = DigestOf(body);
  const auto* bytes = reinterpret_cast<const uint8_t*>(&digest);
  body.insert(body.end(), bytes, bytes + sizeof(digest));
  return body;
}

TEST(CalibrationBytes, KeepTheirPromiseWhateverTheBodySays) {
  Bytes body = CalibrationToBytes(Finding(), kKey);
  body.resize(body.size() - sizeof(Digest));
  std::mt19937 random(1);
  size_t taken = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes hostile = body;
    // Beyond magic and key, which are simply compared.
    for (int n = static_cast<int>(random() % 3); n >= 0; --n) {
      hostile[24 + random() % (hostile.size() - 24)] = static_cast<uint8_t>(random() % 5 ? random() : 255);
    }
    if (random() % 4 == 0) hostile.resize(24 + random() % (hostile.size() - 24));
    const std::optional<Calibration> c = CalibrationFromBytes(Signed(hostile), kKey);
    if (!c) continue;
    ++taken;
    EXPECT_LE(c->info.psnr_db, 200);
    for (char letter : c->info.chosen) ASSERT_TRUE(letter >= ' ' && letter <= '~');
    for (const ConvSetting& conv : c->convs) {
      ASSERT_EQ(conv.ranges.low.size(), conv.ranges.high.size());
      ASSERT_EQ(conv.ranges.known(), conv.precision == Precision::kInt8);
      for (size_t k = 0; k < conv.ranges.low.size(); ++k) ASSERT_LT(conv.ranges.low[k], conv.ranges.high[k]);
    }
  }
  EXPECT_GT(taken, 100u);  // some changes are harmless
}

class CalibrationCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::temp_directory_path() / (std::string("tempera_") + info->name() + std::to_string(getpid()));
    fs::remove_all(root_);
    folder_ = root_ / "new" / "folders";
  }
  void TearDown() override { fs::remove_all(root_); }

  static TestModel Net(int64_t width = 6) {
    TestModel m;
    std::string x = m.Node("Relu", {m.PaddedConv("x", 3, width, 3, 1, 1, true)});
    x = m.Node("Relu", {m.PaddedConv(x, width, width, 3, 1, 1, true)});
    m.Output(m.PaddedConv(x, width, 3, 3, 1, 1, false));
    return m;
  }

  std::unique_ptr<Session> Make(const Shape& shape = {1, 3, 20, 24}, int64_t width = 6,
                                SessionOptions options = {}) const {
    if (options.precision == Precision::kFp32) options.precision = Precision::kAuto;
    options.num_threads = 1;
    options.plain_dot_kernels = true;
    if (options.host == nullptr) options.host = HostWith(folder_.string());
    const auto model = Net(width).Load();
    EXPECT_TRUE(model.ok()) << model.status().message();
    auto session = Session::Create(*model, {shape}, options);
    EXPECT_TRUE(session.ok()) << session.status().message();
    FillCalibrationFrame((*session)->input(0), ValueRange{});
    EXPECT_TRUE((*session)->Run().ok());
    return std::move(session).value();
  }

  static HostPtr HostWith(const std::string& folder) {
    auto host = std::make_shared<Host>();
    host->cache = OpenDiskCache(folder);
    return host;
  }

  static bool SamePicture(const Session& a, const Session& b) {
    return std::memcmp(a.output(0).raw(), b.output(0).raw(), a.output(0).size_bytes()) == 0;
  }

  std::vector<fs::path> Files() const {
    std::vector<fs::path> files;
    if (fs::exists(folder_)) std::copy(fs::directory_iterator(folder_), {}, std::back_inserter(files));
    return files;
  }

  static Bytes Read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void Write(const fs::path& path, const Bytes& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  static Digest KeyOf(const Bytes& bytes) {
    Digest key;
    std::memcpy(&key, bytes.data() + 8, sizeof(key));
    return key;
  }

  fs::path root_, folder_;
};

TEST_F(CalibrationCacheTest, TheNextProcessNeedNotFindOut) {
  const auto first = Make();
  ASSERT_EQ(Files().size(), 1u);
  const fs::path file = Files()[0];
  const Bytes bytes = Read(file);
  EXPECT_EQ(fs::status(folder_).permissions(), fs::perms::owner_all);
  const auto second = Make();
  EXPECT_TRUE(SamePicture(*first, *second));
  EXPECT_EQ(second->precision().chosen, first->precision().chosen);
  EXPECT_EQ(second->precision().psnr_db, first->precision().psnr_db);
  EXPECT_EQ(Read(file), bytes);
  // What lies there really is what is used.
  std::optional<Calibration> marked = CalibrationFromBytes(bytes, KeyOf(bytes));
  ASSERT_TRUE(marked.has_value());
  marked->info.chosen = "as the file says";
  Write(file, CalibrationToBytes(*marked, KeyOf(bytes)));
  EXPECT_EQ(Make()->precision().chosen, "as the file says");
}

TEST_F(CalibrationCacheTest, AFindingIsForWhatItWasFoundWith) {
  Make();
  Make({1, 3, 20, 26});
  EXPECT_EQ(Files().size(), 2u) << "another size";
  Make({1, 3, 20, 24}, 7);
  EXPECT_EQ(Files().size(), 3u) << "another model";
  Make({1, 3, 20, 24}, 6, {.precision = Precision::kInt8});
  EXPECT_EQ(Files().size(), 4u) << "another precision";
  Make({1, 3, 20, 24}, 6, {.input_range = ValueRange{0, 1}});
  EXPECT_EQ(Files().size(), 5u) << "another range";
  // From 256 pixels a side on the calibration frame is the same.
  Make({1, 3, 256, 256});
  EXPECT_EQ(Files().size(), 6u);
  Make({1, 3, 262, 300});
  EXPECT_EQ(Files().size(), 6u) << "a larger size";
}

TEST_F(CalibrationCacheTest, AFindingIsForTheTargetItWasFoundWith) {
  const auto targets = AvailableCpuTargets();
  if (targets.size() < 2) GTEST_SKIP() << "this processor has one target: another one's finding is not tried";
  Make({1, 3, 20, 24}, 6, {.cpu = targets.front().name});
  Make({1, 3, 20, 24}, 6, {.cpu = targets.back().name});
  EXPECT_EQ(Files().size(), 2u);
}

TEST_F(CalibrationCacheTest, WhatIsBrokenIsFoundOutAnew) {
  const auto first = Make();
  const fs::path file = Files()[0];
  const Bytes good = Read(file);
  Bytes cut(good.begin(), good.begin() + static_cast<ptrdiff_t>(good.size() / 2)), changed = good;
  changed[good.size() / 2] ^= 1;
  // Rightly signed, of another model: one channel too few.
  std::optional<Calibration> narrow = CalibrationFromBytes(good, KeyOf(good));
  ASSERT_TRUE(narrow.has_value());
  for (ConvSetting& conv : narrow->convs) {
    if (!conv.ranges.known()) continue;
    conv.ranges.low.pop_back();
    conv.ranges.high.pop_back();
  }
  std::optional<Calibration> fewer = CalibrationFromBytes(good, KeyOf(good));
  fewer->convs.pop_back();
  for (const Bytes& bad : {Bytes{}, cut, changed, Bytes(3 << 20), CalibrationToBytes(*narrow, KeyOf(good)),
                           CalibrationToBytes(*fewer, KeyOf(good))}) {
    Write(file, bad);
    const auto again = Make();
    EXPECT_TRUE(SamePicture(*first, *again)) << bad.size();
    EXPECT_EQ(Read(file), good) << bad.size();
  }
}

TEST_F(CalibrationCacheTest, ADiskThatRefusesIsNoMatter) {
  const auto first = Make();
  const fs::path file = Files()[0];
  // A pipe that nobody writes, and a folder where the file should be.
  fs::remove(file);
  ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
  EXPECT_TRUE(SamePicture(*first, *Make()));
  fs::remove(file);
  fs::create_directories(file / "full");
  EXPECT_TRUE(SamePicture(*first, *Make()));
  EXPECT_EQ(Files().size(), 1u) << "a temporary file was left behind";
  for (const char* folder : {"/dev/null/folder", "/proc/no/such"}) {
    SessionOptions options;
    options.host = HostWith(folder);
    EXPECT_TRUE(SamePicture(*first, *Make({1, 3, 20, 24}, 6, options))) << folder;
  }
}

TEST_F(CalibrationCacheTest, OldFindingsGoStrangersStay) {
  fs::create_directories(folder_);
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(48);
  const auto put = [&](const std::string& name, int minutes) {
    Write(folder_ / name, {1});
    fs::last_write_time(folder_ / name, old + std::chrono::minutes(minutes));
  };
  for (int i = 0; i < 300; ++i) put(Hex({static_cast<uint64_t>(i), 7}) + ".calibration", i);
  const std::string half_written = "." + Hex({5, 5}) + ".calibration.1234.part";
  put(half_written, 0);
  put("letter.txt", 0);
  put(".letter.txt.1234.part", 0);
  put("mine.calibration", 0);
  Make();
  EXPECT_EQ(Files().size(), 256u + 3);
  EXPECT_FALSE(fs::exists(folder_ / half_written));
  EXPECT_FALSE(fs::exists(folder_ / (Hex({0, 7}) + ".calibration")));
  EXPECT_TRUE(fs::exists(folder_ / (Hex({299, 7}) + ".calibration")));
  EXPECT_TRUE(fs::exists(folder_ / "letter.txt"));
  EXPECT_TRUE(fs::exists(folder_ / ".letter.txt.1234.part"));
  EXPECT_TRUE(fs::exists(folder_ / "mine.calibration"));
}

}  // namespace
}  // namespace tempera::engine
