#include "simulator/html/page.h"

#include "profiles/builtin_files.h"
#include "profiles/program.h"
#include "simulator/html/assets.h"
#include "simulator/html/text.h"

namespace hexgen::html {
namespace {

std::string row(const std::string& name, const std::string& value) {
  return "<tr>" + cell(name, "left") + cell(value, "left wrap") + "</tr>\n";
}

std::string joined(const std::vector<std::string>& texts) {
  std::string line;
  for (const std::string& text : texts) {
    line += (line.empty() ? "" : ", ") + text;
  }
  return line;
}

/// What departs from the files, as far as anything does.
std::string what_if_rows(const WhatIf& what_if) {
  std::string html = row("network", what_if.network);
  const auto list = [&html](const std::string& name, const std::vector<std::string>& texts) {
    if (!texts.empty()) {
      html += row(name, joined(texts));
    }
  };
  list("set", what_if.set);
  list("fail", what_if.fail);
  list("recover", what_if.recover);
  if (what_if.restart_s > 0) {
    html += row("restart", number(what_if.restart_s) + " s");
  }
  if (what_if.until_s) {
    html += row("until", number(*what_if.until_s) + " s");
  }
  return html;
}

std::string inputs_and_version(const RunSetup& setup) {
  std::string html = section("Inputs",
                             "With the same inputs, options, seed and version, this page "
                             "is the same to the last byte.");
  html += "<div class=\"scroll\"><table>\n";
  html += row("arrivals", setup.arrivals);
  for (const PlanInput& input : setup.inputs) {
    html += row(input.role, input.name + ", sha256 " + input.sha256);
  }
  html += row("serving", serving_text(setup));
  html += row("iteration", std::to_string(setup.options.max_batched_tokens) + " tokens at most");
  html += row("KV cache",
              "blocks of " + std::to_string(setup.options.kv_block_tokens) + " tokens, " +
                  number(100 * setup.options.kv_watermark) + " % kept free at admission");
  html += what_if_rows(setup.what_if);
  html += row("seed", std::to_string(setup.seed));
  return html + "</table></div>\n<footer>" + escape(version_line("hexgen-sim")) + "</footer>\n";
}

}  // namespace

std::string page(const PageHead& head, const std::string& body, const RunSetup& setup) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         escape(head.title + " - " + head.kind) + "</title>\n<style>\n" +
         std::string(page_assets().front().text) + "</style>\n</head>\n<body>\n<p class=\"kind\">" +
         escape(head.kind) + "</p>\n<h1>" + escape(head.title) + "</h1>\n<p class=\"setup\">" +
         escape(head.setup) + "</p>\n" + body + inputs_and_version(setup) + "</body>\n</html>\n";
}

std::string verdict(const Verdict& verdict) {
  const char* tone = verdict.tone == Verdict::Tone::kGood  ? "good"
                     : verdict.tone == Verdict::Tone::kBad ? "bad"
                                                           : "warn";
  return std::string("<p class=\"verdict ") + tone + "\"><b>" + escape(verdict.head) + "</b> " +
         escape(verdict.text) + "</p>\n";
}

std::string cards(const std::vector<Card>& cards) {
  std::string html = "<div class=\"cards\">\n";
  for (const Card& card : cards) {
    html += "<div class=\"card\"><div class=\"name\">" + escape(card.name) +
            "</div><div class=\"value\">" + escape(card.value) + " <small>" + escape(card.unit) +
            "</small></div><div class=\"more\">" + escape(card.more) + "</div></div>\n";
  }
  return html + "</div>\n";
}

std::string section(const std::string& title, const std::string& note) {
  return "<h2>" + escape(title) + "</h2>\n" +
         (note.empty() ? "" : "<p class=\"note\">" + escape(note) + "</p>\n");
}

std::string serving_text(const RunSetup& setup) {
  return (setup.options.policy == BatchPolicyKind::kContinuous ? "continuous batching"
                                                               : "one batch at a time") +
         std::string(", router ") + name_of(setup.options.router);
}

std::string definitions() {
  const std::vector<std::pair<std::string, std::string>> terms = {
      {"TTFT", "time to first token: first token - arrival, so queueing and prefill"},
      {"TPOT",
       "time per output token: (last - first token) / (output tokens - 1), one number a "
       "request; requests of one token have none"},
      {"ITL", "inter-token latency: every gap between two tokens of a request, of the whole run"},
      {"E2E", "last token - arrival"},
      {"percentiles", "nearest rank: element ceil(share x n) of the sorted sample"},
      {"SLO attainment",
       "share of the counted requests, rejected ones included, that met all limits"},
      {"goodput", "requests that met all limits, per second"},
      {"SLO scale",
       "E2E limit as a multiple of the latency that the same request has alone on the "
       "reference deployment"},
      {"counted",
       "all requests but the warm-up, the first that meet a system which is still "
       "filling; all are played to their end"},
      {"saturated",
       "waiting keeps growing over the run: latencies then say how long the run was, "
       "not how good the system is"},
      {"busy",
       "share of the time that a stage computed or reduced; waiting for hand-offs is not "
       "busy"},
      {"price", "of the whole nodes on which the plan uses a device"}};
  std::string html = section("What the words mean", "") + "<dl>\n";
  for (const auto& [term, meaning] : terms) {
    html += "<dt>" + escape(term) + "</dt><dd>" + escape(meaning) + "</dd>\n";
  }
  return html + "</dl>\n";
}

}  // namespace hexgen::html
