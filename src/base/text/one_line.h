// Text from files that is shown to people: a terminal or a menu must find nothing in it to act on.
#pragma once

#include <string>

namespace tempera {

// `text` as one line of UTF-8: control characters become blanks, bytes that are none U+FFFD.
std::string OneLine(const std::string& text);

// The same in place, without memory of its own: '?' stands for what is no text. `text` ends in zero.
void MakeOneLine(char* text);

}  // namespace tempera
