#include "profiles/xml_elements.h"

#include <algorithm>
#include <string_view>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/text_lines.h"

namespace hexgen {
namespace {

constexpr std::size_t kDeepest = 64;

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == ':' || c == '.';
}

class XmlParser {
 public:
  XmlParser(const std::string& path, std::string_view text)
      : path_(path),
        text_(text) {}

  std::vector<XmlElement> parse() {
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
      parse_tag();
    }
    if (elements_.empty()) {
      fail("holds no element");
    }
    if (!open_.empty()) {
      fail("<" + innermost().name + "> is not closed");
    }
    return std::move(elements_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
    throw InputError(path_ + ": line " + std::to_string(line) + ": " + problem);
  }

  const XmlElement& innermost() const { return elements_[static_cast<std::size_t>(open_.back())]; }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  bool take(std::string_view expected) {
    const bool there = text_.substr(at_, expected.size()) == expected;
    at_ += there ? expected.size() : 0;
    return there;
  }

  void skip_behind(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    if (found == std::string_view::npos) {
      fail("no '" + std::string(end) + "' follows");
    }
    at_ = found + end.size();
  }

  std::string take_name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && name_character(text_[at_])) {
      ++at_;
    }
    if (at_ == begin) {
      fail("expected a name, found " + quoted(text_.substr(at_, 1)));
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  void parse_tag() {
    if (take("<!--")) {
      skip_behind("-->");
    } else if (take("<?")) {
      skip_behind("?>");
    } else if (take("</")) {
      close(take_name());
    } else if (take("<")) {
      open(take_name());
    } else {
      fail("expected a tag, found " + quoted(text_.substr(at_, 1)));
    }
  }

  void open(const std::string& name) {
    if (open_.empty() && !elements_.empty()) {
      fail("<" + name + "> is a second root element");
    }
    if (open_.size() == kDeepest) {
      fail("<" + name + "> is nested deeper than " + std::to_string(kDeepest));
    }
    const auto begin = text_.begin();
    XmlElement element = {
        .name = name,
        .parent = open_.empty() ? -1 : open_.back(),
        .line = static_cast<int>(1 + std::count(begin, begin + static_cast<long>(at_), '\n'))};
    for (skip_blanks(); at_ < text_.size() && name_character(text_[at_]); skip_blanks()) {
      take_attribute(element);
    }
    elements_.push_back(std::move(element));
    if (take("/>")) {
      return;
    }
    if (!take(">")) {
      fail("<" + name + "> does not end in '>'");
    }
    open_.push_back(static_cast<int>(elements_.size()) - 1);
  }

  void take_attribute(XmlElement& element) {
    const std::string key = take_name();
    const bool quote = take("=\"");
    const std::size_t end = quote ? text_.find('"', at_) : std::string_view::npos;
    if (end == std::string_view::npos) {
      fail("attribute " + key + " has no value in quotes");
    }
    if (!element.attributes.emplace(key, text_.substr(at_, end - at_)).second) {
      fail("attribute " + key + " stands here twice");
    }
    at_ = end + 1;
  }

  void close(const std::string& name) {
    skip_blanks();
    if (open_.empty() || innermost().name != name || !take(">")) {
      fail("</" + name + "> closes no open element");
    }
    open_.pop_back();
  }

  const std::string& path_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<int> open_;  // elements whose end is still to come
  std::vector<XmlElement> elements_;
};

}  // namespace

std::string XmlElement::attribute(const std::string& key) const {
  const auto found = attributes.find(key);
  return found == attributes.end() ? "" : found->second;
}

std::vector<XmlElement> read_xml(const std::string& path) {
  const std::string text = read_file(path);
  return XmlParser(path, text).parse();
}

}  // namespace hexgen
