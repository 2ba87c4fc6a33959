#pragma once

#include <string>
#include <string_view>

namespace hexgen {

/// Whole content of a file. Throws InputError naming the path when it cannot be read.
std::string read_file(const std::string& path);

/// Writes a file so that it appears complete or not at all: a temporary file in the same folder,
/// flushed to disk, then renamed. A symbolic link is followed; a device or pipe such as /dev/stdout
/// is written as it is. Throws InputError naming the path when that cannot be done.
void write_file(const std::string& path, std::string_view content);

}  // namespace hexgen
