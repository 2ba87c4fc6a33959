#pragma once

#include <string>
#include <string_view>

namespace hexgen::tokenizer {

/// A pattern for PCRE2 that means what `pattern` means in Oniguruma's dialect, in which those of
/// tokenizer.json are written. White space is Unicode's White_Space, to which U+180E does not
/// belong any more. Throws std::invalid_argument naming what it cannot translate.
std::string pcre2_pattern(std::string_view pattern);

}  // namespace hexgen::tokenizer
