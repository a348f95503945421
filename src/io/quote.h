// quote.h: text out of a file, made fit to be shown in a message.
#pragma once

#include <string>
#include <string_view>

namespace convstep {

// The text in single quotes. Control characters and bytes that are not ASCII are written as \x1b, so that a crafted
// file can neither break a one-line message nor steer a terminal; a long text is cut short.
std::string quoted(std::string_view text);

}  // namespace convstep
