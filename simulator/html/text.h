#pragma once

#include <string>
#include <string_view>

// Words and numbers as a page shows them.
namespace hexgen::html {

/// Safe as content and as an attribute's value: & < > " ' become entities.
std::string escape(std::string_view text);

/// Three digits or a few more, without zeros at the end: "0.0123", "4.5", "812", "12,400".
std::string number(double value);

/// "41.3 %" of a share 0..1; never "100.0 %" or "0.0 %" for what is not.
std::string percent(double share);

/// "340 ms", "1.25 s"; "1.58 ms".
std::string duration(double seconds);

/// A table cell; `text` is escaped.
std::string cell(std::string_view text, const char* css_class = nullptr);

/// A table's header row; titles that begin with '<' are left aligned without it.
std::string header_row(std::initializer_list<std::string_view> titles);

}  // namespace hexgen::html
