// file_kind.h: what a file holds, told from its first bytes. Its name proves nothing.
#pragma once

#include <string>

#include "io/file.h"

namespace convstep {

enum class FileKind { kNpy, kZip, kPng, kJpeg, kOther };

FileKind file_kind(const InputFile& file);

// For messages about a file of the wrong kind: "it is a PNG picture", "it starts with 'GIF89a'".
std::string describe_kind(const InputFile& file);

}  // namespace convstep
