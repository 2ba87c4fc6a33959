#pragma once

#include <vector>

#include "profiles/builtin_files.h"

namespace hexgen {

/// Files of simulator/html/ that are compiled in: the style of all pages.
const std::vector<BuiltinFile>& page_assets();

}  // namespace hexgen
