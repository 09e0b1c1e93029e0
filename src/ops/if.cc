// If, whose branches stand before it as nodes with guards (onnx/flatten.h). Specialising takes one of them;
// it is never run.
#include "src/ops/op.h"

namespace tempera::ops {
namespace {

Status Infer(InferContext&) { return Internal("it is to be chosen between its branches first"); }
Status Reference(const ComputeContext&) { return Internal("it is to be chosen between its branches first"); }

}  // namespace

Operator IfOperator() { return {"If", Infer, Reference}; }

}  // namespace tempera::ops
