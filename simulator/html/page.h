#pragma once

#include <string>
#include <utility>
#include <vector>

#include "simulator/report.h"

namespace hexgen::html {

/// A sentence at the head of a page that says how things went.
struct Verdict {
  enum class Tone { kGood, kBad, kWarning };

  Tone tone = Tone::kGood;
  std::string head;  // one or two words
  std::string text;
};

/// A headline number.
struct Card {
  std::string name;
  std::string value;
  std::string unit;
  std::string more;
};

struct PageHead {
  std::string kind;   // what sort of result
  std::string title;  // of this one
  std::string setup;  // how it was made, in a line
};

/// A whole document: opens from disk, needs no script and nothing from elsewhere. The body is HTML,
/// all other texts are escaped; inputs, options and version of `setup` end it.
std::string page(const PageHead& head, const std::string& body, const RunSetup& setup);

std::string verdict(const Verdict& verdict);
std::string cards(const std::vector<Card>& cards);

/// A heading with a sentence of explanation.
std::string section(const std::string& title, const std::string& note);

/// What the words on all pages mean, as in docs/SIMULATOR.md.
std::string definitions();

/// "continuous batching, router plan", for PageHead::setup.
std::string serving_text(const RunSetup& setup);

}  // namespace hexgen::html
