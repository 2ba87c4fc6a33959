#pragma once

#include <functional>
#include <string>

namespace hexgen {

std::string version();     // "0.1.0"
std::string git_commit();  // of the checkout that was built; "unknown" outside git

/// What `--version` prints: "hexgen-plan 0.1.0 (commit 7df79a63c2d1)".
std::string version_line(const std::string& program);

/// Runs a program's body and turns what it throws into the exit codes of errors.h, with one line on
/// stderr: `hexgen-plan: error: cluster.json: nodes[2].gpus: 9 is more than 8`.
int run_program(const std::string& program, const std::function<int()>& body);

}  // namespace hexgen
