// npz.h: arrays out of an open .npz archive. load_array() chooses between them.
#pragma once

#include <string>

#include "convstep/npy.h"
#include "io/file.h"

namespace convstep {

// The member of that name, with or without its ".npy".
Array load_npz_member(const InputFile& file, const std::string& member);

// The only array of an archive that has just one, whatever else is in it.
Array load_npz_only_member(const InputFile& file);

}  // namespace convstep
