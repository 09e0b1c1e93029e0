// --mask-input: what a mask network's file does not say of itself, in one text. The words of its metadata
// (docs/model-format.md), which they go before:
//   nhwc,bgr,range=-1..1,mean=0.485:0.456:0.406,std=0.229:0.224:0.225,multiple=32,size=512
//   output=pha,values=logits,class=tv,classes=background:person,ratio=0.25,state=r1o:r1i
#pragma once

#include <string>

#include "cli/network/picture_options.h"
#include "src/base/status.h"

namespace tempera::cli {

// For tempera_options.metadata. kInvalidArgument, with the word that is wrong and what it may be.
Result<Metadata> MaskInputAsMetadata(const std::string& text);

// A library's line in the command's words: "metadata tempera.mask.class" is "--mask-input class=".
std::string InMaskInput(std::string line);

}  // namespace tempera::cli
