#include "simulator/html/text.h"

#include <algorithm>
#include <cmath>

#include "cost_models/text_table.h"
#include "profiles/units.h"

namespace hexgen::html {
namespace {

std::string without_end_zeros(std::string text) {
  if (text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    text.erase(text.find_last_not_of('.') + 1);
  }
  return text;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string number(double value) {
  const double size = std::abs(value);
  if (size >= 999.5) {
    return with_thousands(std::llround(value));
  }
  int digits = 0;
  for (double limit = 99.95; digits < 6 && size > 0 && size < limit; limit /= 10) {
    ++digits;
  }
  return without_end_zeros(fixed(value, digits));
}

std::string percent(double share) {
  if (share < 1 && share > 0.9995) {
    return "> 99.9 %";
  }
  if (share > 0 && share < 0.0005) {
    return "< 0.1 %";
  }
  return fixed(100 * share, 1) + " %";
}

std::string duration(double seconds) {
  return seconds < 0.9995 ? number(seconds / kMilli) + " ms" : number(seconds) + " s";
}

std::string cell(std::string_view text, const char* css_class) {
  const std::string attribute =
      css_class == nullptr || *css_class == 0 ? "" : std::string(" class=\"") + css_class + '"';
  return "<td" + attribute + ">" + escape(text) + "</td>";
}

std::string header_row(std::initializer_list<std::string_view> titles) {
  std::string row = "<tr>";
  for (const std::string_view title : titles) {
    const bool left = !title.empty() && title.front() == '<';
    row += left ? "<th class=\"left\">" : "<th>";
    row += escape(title.substr(left ? 1 : 0)) + "</th>";
  }
  return row + "</tr>\n";
}

}  // namespace hexgen::html
