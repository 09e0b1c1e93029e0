// ONNX's own tests, one gtest per applicable case, and the page that lists them all.
//   tempera_conformance                         runs everything
//   tempera_conformance --write-docs FILE.md    writes docs/operators.md
#include <gtest/gtest.h>

#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/conformance/onnx_case.h"
#include "tests/conformance/report.h"

namespace tempera::conformance {
namespace {

// Every case is run once, when first asked for: which are applicable shows only then.
const std::vector<std::pair<Case, Outcome>>& Results() {
  static const auto results = [] {
    std::vector<std::pair<Case, Outcome>> r;
    for (const Case& c : FindCases(TestDataRoot())) r.emplace_back(c, RunCase(c));
    return r;
  }();
  return results;
}

#define SKIP_WITHOUT_DATA()                                                                                \
  if (Results().empty()) {                                                                                 \
    GTEST_SKIP() << TestDataRoot() << " is not there: install Debian's libonnx-testdata (or tools/setup)"; \
  }

std::vector<size_t> Applicable() {
  std::vector<size_t> indices;
  for (size_t i = 0; i < Results().size(); ++i) {
    if (Results()[i].second.applicable) indices.push_back(i);
  }
  return indices;
}

class OnnxCase : public testing::TestWithParam<size_t> {};

TEST_P(OnnxCase, GivesTheExpectedTensors) {
  const auto& [c, outcome] = Results()[GetParam()];
  EXPECT_TRUE(outcome.passed) << c.suite << "/" << c.name << ": " << outcome.detail;
}

std::string NameOf(const testing::TestParamInfo<size_t>& info) {
  const Case& c = Results()[info.param].first;
  std::string name = c.suite + "_" + c.name;
  for (char& ch : name) {
    if (!std::isalnum(static_cast<unsigned char>(ch))) ch = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Onnx, OnnxCase, testing::ValuesIn(Applicable()), NameOf);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OnnxCase);

// Every folder is either run or has a reason; and the run is not empty by accident.
TEST(Conformance, DropsNoCaseSilently) {
  SKIP_WITHOUT_DATA();
  size_t folders = 0, run = 0, explained = 0;
  for (const auto& suite : std::filesystem::directory_iterator(TestDataRoot())) {
    if (!suite.is_directory()) continue;
    for (const auto& folder : std::filesystem::directory_iterator(suite.path()))
      folders += folder.is_directory();
  }
  for (const auto& [c, outcome] : Results()) {
    run += outcome.applicable;
    explained += !outcome.applicable && !outcome.detail.empty();
  }
  EXPECT_EQ(run + explained, folders);
  EXPECT_GT(run, 400u) << "far fewer cases are applicable than once were";
  std::printf("%zu folders: %zu run, %zu not applicable (docs/operators.md says why)\n", folders, run,
              explained);
}

TEST(Conformance, OperatorsPageIsCurrent) {
  SKIP_WITHOUT_DATA();
  const std::string path = std::string(TEMPERA_SOURCE_DIR) + "/docs/operators.md";
  std::ifstream file(path);
  std::ostringstream committed;
  committed << file.rdbuf();
  EXPECT_EQ(committed.str(), OperatorsPage(Results()))
      << "run: tempera_conformance --write-docs docs/operators.md";
}

}  // namespace

int WriteDocs(const char* path) {
  if (Results().empty()) {
    std::fprintf(stderr, "%s is not there: install libonnx-testdata\n", TestDataRoot().c_str());
    return 1;
  }
  std::ofstream file(path);
  file << OperatorsPage(Results());
  file.close();
  if (!file) std::fprintf(stderr, "%s cannot be written; check the folder\n", path);
  return file ? 0 : 1;
}

}  // namespace tempera::conformance

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == "--write-docs") return tempera::conformance::WriteDocs(argv[2]);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
