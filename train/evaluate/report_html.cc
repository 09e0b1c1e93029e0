#include "train/evaluate/measures.h"
namespace tempera::evaluate {
Result<std::string> HtmlReport(const Findings&) { return std::string("<!doctype html>"); }
}
