#include "tests/conformance/report.h"

#include <algorithm>
#include <map>
#include <sstream>

#include "src/ops/op.h"

namespace tempera::conformance {
namespace {

std::string Join(const std::vector<std::string>& parts, const char* between) {
  std::string s;
  for (const std::string& p : parts) s += (s.empty() ? "" : between) + p;
  return s;
}

struct Row {
  int passed = 0;
  int failed = 0;
  std::map<std::string, int> not_applicable;  // reason -> cases
};

}  // namespace

std::string OperatorsPage(const std::vector<std::pair<Case, Outcome>>& results) {
  std::map<std::string, Row> rows;
  for (const ops::Operator& op : ops::AllOperators()) rows[std::string(op.name)];
  std::map<std::string, int> by_missing, by_reason;
  std::map<std::string, std::vector<std::string>> names_by_reason;
  int passed = 0, failed = 0, missing = 0, other = 0;
  for (const auto& [c, o] : results) {
    std::string reason = o.detail;
    if (o.applicable) {
      (o.passed ? passed : failed) += 1;
    } else if (!o.missing.empty()) {
      ++missing;
      for (const std::string& m : o.missing) ++by_missing[m];
      reason = "also needs " + Join(o.missing, ", ");
    } else {
      ++other;
      ++by_reason[reason];
      names_by_reason[reason].push_back(c.suite + "/" + c.name);
    }
    for (const std::string& op : o.operators) {
      const auto row = rows.find(op);
      if (row == rows.end()) continue;
      if (o.applicable) {
        (o.passed ? row->second.passed : row->second.failed) += 1;
      } else {
        ++row->second.not_applicable[reason];
      }
    }
  }

  std::ostringstream page;
  page
      << "# Operators\n\n"
         "Written by `tempera_conformance --write-docs docs/operators.md`, checked by the test "
         "`conformance.docs`. Every\n"
         "case of ONNX's own tests (Debian's libonnx-testdata) whose operators and types are ours runs "
         "twice: through\n"
         "the reference loops and through the engine's session. Tolerance 1e-3 relative, integers exact.\n\n";
  page << "| cases | |\n|---|---|\n";
  page << "| passed | " << passed << " |\n";
  if (failed > 0) page << "| **failed** | " << failed << " |\n";
  page << "| need an operator that is not ours | " << missing << " |\n";
  page << "| not applicable for another reason | " << other << " |\n";
  page << "| all folders | " << results.size() << " |\n\n";

  page << "## What is supported\n\nA case with several operators counts for each of them.\n\n";
  page << "| operator | cases passed | not applicable, and why |\n|---|---|---|\n";
  for (const auto& [op, row] : rows) {
    page << "| " << op << " | " << row.passed << " | ";
    int total = 0;
    for (const auto& [reason, count] : row.not_applicable) total += count;
    std::string list;
    if (row.failed > 0) list = "**" + std::to_string(row.failed) + " failed**";
    if (row.not_applicable.size() > 4) {
      list += (list.empty() ? "" : "; ") + std::to_string(total) +
              ": need operators that are not ours, or see below";
    } else {
      for (const auto& [reason, count] : row.not_applicable) {
        list += (list.empty() ? "" : "; ") + std::to_string(count) + ": " + reason;
      }
    }
    page << list << " |\n";
  }

  page << "\n## Cases for operators that are not ours\n\nA case that misses several counts for each.\n\n";
  std::vector<std::string> entries;
  for (const auto& [op, count] : by_missing) entries.push_back(op + " " + std::to_string(count));
  page << Join(entries, ", ") << ".\n";

  page << "\n## Cases not applicable for another reason\n\n| cases | reason | which |\n|---|---|---|\n";
  for (const auto& [reason, count] : by_reason) {
    page << "| " << count << " | " << reason << " | " << Join(names_by_reason[reason], ", ") << " |\n";
  }
  return page.str();
}

}  // namespace tempera::conformance
