#pragma once

#include <string>
#include <string_view>

namespace hexgen {

/// SHA-256 (FIPS 180-4) as 64 hexadecimal digits; identifies the inputs of a plan.
std::string sha256_hex(std::string_view data);

}  // namespace hexgen
