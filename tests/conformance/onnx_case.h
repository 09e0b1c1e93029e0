// ONNX's own test cases (Debian: libonnx-testdata): folders of a model and, per data set, the tensors that
// go in and the tensors that must come out.
#pragma once

#include <string>
#include <vector>

namespace tempera::conformance {

struct Case {
  std::string suite;  // "node", "simple", "pytorch-converted", "pytorch-operator", "real"
  std::string name;   // "test_relu"
  std::string path;   // the folder
};

// What became of a case. Exactly one of passed, failed and not applicable.
struct Outcome {
  bool applicable = false;
  bool passed = false;
  // Why it is not applicable, or what came out wrong. "" when passed.
  std::string detail;
  // The model's operators, sorted, each once; empty when the model could not be read.
  std::vector<std::string> operators;
  // Those of them that are not in our table.
  std::vector<std::string> missing;
};

// Where the cases lie: $TEMPERA_ONNX_TESTS, or Debian's folder.
std::string TestDataRoot();

// Every case folder below root, sorted by suite and name; empty when there is no such folder.
std::vector<Case> FindCases(const std::string& root);

// Runs the case through Specialize + RunReference and through engine::Session.
Outcome RunCase(const Case& c);

}  // namespace tempera::conformance
