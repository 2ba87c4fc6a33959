#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hexgen {

/// Equal but for upper and lower case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// Fewest insertions, deletions, replacements and swaps of neighbouring characters that turn `a`
/// into `b`, ignoring case.
int edit_distance(std::string_view a, std::string_view b);

/// The candidate a user probably meant: fewest edits, at most a third of the name; the first one
/// among equals.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

/// Advice for a name that is not among the candidates: "did you mean 'gpus'?", or, when none is
/// near, "expected one of a, b, c".
std::string advice(std::string_view name, const std::vector<std::string>& candidates);

/// "a, b, c"
std::string join(const std::vector<std::string>& names);

}  // namespace hexgen
