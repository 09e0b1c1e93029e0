#include "train/features/torch_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "train/features/h5_file.h"
#include "train/features/pickle.h"
#include "train/features/test_files.h"

namespace tempera::train {
namespace {

Safetensors Small() {
  Safetensors file;
  file.arrays["features.0.weight"] = {{2, 3, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
  file.arrays["features.0.bias"] = {{2}, {-1, 0.5f}};
  file.arrays["classifier.6.bias"] = {{1}, {7}};
  return file;
}

Result<Safetensors> Parse(const std::string& bytes) {
  std::vector<std::string> names;
  return ParseTorchFile(bytes, [](const std::string& n) { return n[0] == 'f'; }, &names);
}

TEST(TorchFile, ReadsWhatWasSavedInEveryForm) {
  for (const std::string& bytes :
       {LegacyTorchFile(Small(), false), LegacyTorchFile(Small(), true), ZippedTorchFile(Small())}) {
    ASSERT_TRUE(LooksLikeTorchFile(bytes));
    Result<Safetensors> file = Parse(bytes);
    ASSERT_TRUE(file.ok()) << file.status().message();
    EXPECT_EQ(file->arrays.size(), 2u) << "what is not wanted is stepped over";
    EXPECT_EQ(file->arrays["features.0.weight"].values, Small().arrays["features.0.weight"].values);
    EXPECT_EQ(file->arrays["features.0.weight"].shape, (std::vector<int64_t>{2, 3, 1, 2}));
    EXPECT_EQ(file->arrays["features.0.bias"].values, (std::vector<float>{-1, 0.5f}));
  }
}

TEST(TorchFile, RefusesEveryTruncation) {
  for (const std::string& good : {LegacyTorchFile(Small(), true), ZippedTorchFile(Small())}) {
    for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(Parse(good.substr(0, n)).ok()) << n;
  }
}

// One byte changed anywhere: an answer or a refusal, never a crash, never more memory than the file.
TEST(TorchFile, OutlivesEveryChangedByte) {
  for (const std::string& good : {LegacyTorchFile(Small(), true), ZippedTorchFile(Small())}) {
    for (size_t n = 0; n < good.size(); ++n) {
      for (const int value : {0, 1, 0x2e, 0x7f, 0x80, 0xff}) {
        std::string bad = good;
        bad[n] = static_cast<char>(value);
        const Result<Safetensors> file = Parse(bad);
        if (!file.ok()) EXPECT_FALSE(file.status().message().empty());
      }
    }
  }
}

TEST(Pickle, RunsNothing) {
  // What `pickle.dumps` makes of an object whose __reduce__ is os.system("...").
  const std::string evil =
      std::string("\x80\x02", 2) + "cposix\nsystem\nX\x04" + std::string(3, '\0') + "true\x85R.";
  const Status status = Parse(ZippedPickle(evil)).status();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_NE(status.message().find("posix.system"), std::string::npos) << status.message();
  for (const char* name : {"builtins\neval", "torch\nload", "torch.nn.modules.conv\nConv2d",
                           "collections\ndefaultdict", "torch._utils\n_rebuild_tensor_v2.__globals__"}) {
    const std::string bytes = std::string("\x80\x02", 2) + "c" + name + "\n.";
    EXPECT_EQ(Parse(ZippedPickle(bytes)).status().code(), StatusCode::kUnsupported) << name;
  }
}

TEST(Pickle, RefusesWhatContradictsItself) {
  const std::string cases[] = {"",
                               ".",
                               "N",
                               "(.",
                               "t.",
                               "a.",
                               "]a.",
                               "}u.",
                               "}(Nu.",
                               "h\x01.",
                               "R.",
                               "NR.",
                               ")R.",
                               "ccollections\nOrderedDict\nNR.",
                               "ctorch\nFloatStorage\n)R.",
                               "Q.",
                               "NQ.",
                               ")Q.",
                               "\x85.",
                               "X\xff\xff\xff\xff.",
                               "b.",
                               "Nb.",
                               "s.",
                               "}Ns.",
                               "NN.",
                               "\x8a\x10.",
                               "p\n.",
                               "ctorch._utils\n_rebuild_tensor_v2\n)R.",
                               "ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR.",
                               "ctorch\nSize\n)R."};
  for (const std::string& bytes : cases) {
    size_t at = 0;
    EXPECT_FALSE(ReadPickle(bytes, &at).ok()) << bytes;
  }
}

// A container that holds itself, and nests deeper than any stack of calls.
TEST(Pickle, StandsKnotsAndDepth) {
  size_t at = 0;
  EXPECT_TRUE(ReadPickle("]q\x01h\x01"
                         "a.",
                         &at)
                  .ok());
  std::string deep(200000, ']');
  deep += std::string(199999, 'a') + ".";
  at = 0;
  EXPECT_TRUE(ReadPickle(deep, &at).ok());
  std::string wide;
  for (int i = 0; i < (1 << 20) + 2; ++i) wide += 'N';
  at = 0;
  EXPECT_EQ(ReadPickle(wide + ".", &at).status().code(), StatusCode::kUnsupported);
}

// Shapes and places that the storage does not have.
TEST(TorchFile, RefusesTensorsThatLie) {
  const std::string good = ZippedTorchFile(Small());
  const std::string shape = std::string("(K\2K\3K\1K\2t");
  const size_t at = good.find(shape);
  ASSERT_NE(at, std::string::npos);
  for (const char* other : {"(K\2K\3K\2K\2t", "(K\3K\3K\1K\2t", "(K\377K\377K\377K\377t"}) {
    std::string bad = good;
    bad.replace(at, shape.size(), other, shape.size());
    EXPECT_EQ(Parse(bad).status().code(), StatusCode::kCorruptModel);
  }
  std::string zero = good;
  zero[at + 2] = '\0';
  EXPECT_FALSE(Parse(zero).ok());
}

TEST(H5File, OutlivesDamage) {
  const std::string path = testing::TempDir() + "/damaged.h5";
  WriteFile(path, std::string("\x89HDF\r\n\x1a\n", 8) + std::string(600, '\1'));
  EXPECT_FALSE(ReadH5File(path).ok());
  EXPECT_FALSE(ReadH5File("/nowhere/vgg.h5").ok());
  std::remove(path.c_str());
}

}  // namespace
}  // namespace tempera::train
