#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "profiles/file.h"
#include "tests/runner/run_program.h"
#include "tests/support/temporary_folder.h"

using hexgen::test::contains;
using hexgen::test::Outcome;
using hexgen::test::run;

TEST_CASE("hexgen-run check shows each device's shard and exits 0") {
  const Outcome outcome = run("check --plan tests/data/plan/two_pipelines.json");
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.output, "bound by stage 1 (b:0)"));
  CHECK(run("check --plan tests/data/plan/two_pipelines.json --json").output.front() == '{');
}

TEST_CASE("hexgen-run check exits 3 and names the device that lacks memory") {
  const Outcome outcome = run("check --plan tests/data/plan/does_not_fit.json");
  CHECK(outcome.exit_code == 3);
  CHECK(contains(outcome.output, "hexgen-run: error: pipelines[1].stages[0]: device a:2"));
}

TEST_CASE(
    "hexgen-run check exits 2 for a missing plan, an unknown option and a model that does not "
    "match") {
  CHECK(run("check --plan nowhere.json").exit_code == 2);
  CHECK(run("check --plan tests/data/plan/two_pipelines.json --frobnicate").exit_code == 2);
  const Outcome outcome =
      run("check --plan tests/data/plan/two_pipelines.json --model llama-2-70b");
  CHECK(outcome.exit_code == 2);
  CHECK(contains(outcome.output, "cover 8 layers, the model has 80"));
  CHECK(run("").exit_code == 2);
}

TEST_CASE("hexgen-run generate prints the tokens that Hugging Face transformers draws") {
  // The first eight of the second case of the folder's golden.json.
  const std::string golden = hexgen::read_file("tests/data/models/llama-gqa/golden.json");
  const nlohmann::json expected = nlohmann::json::parse(golden).at("cases").at(1);
  std::string ids;
  for (const int id : expected.at("prompt")) {
    ids += (ids.empty() ? "" : ",") + std::to_string(id);
  }
  std::string tokens;
  for (int i = 0; i < 8; ++i) {
    tokens +=
        std::to_string(expected.at("greedy").at(static_cast<std::size_t>(i)).get<int>()) + " ";
  }
  const Outcome outcome =
      run("generate --backend cpu --model tests/data/models/llama-gqa --max-new-tokens 8 "
          "--prompt-ids " +
          ids);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output == tokens + "\n");
}

TEST_CASE("hexgen-run generate streams text, and its JSON holds the same text and the times") {
  const std::string command =
      "generate --backend cpu --model tests/data/tiny-llama --max-new-tokens 12 --prompt 'It is a "
      "truth'";
  const Outcome text = run(command);
  CHECK(text.exit_code == 0);
  const nlohmann::json json = nlohmann::json::parse(run(command + " --json --logprobs 3").output);
  CHECK(json.at("text").get<std::string>() + "\n" == text.output);
  CHECK(json.at("tokens").size() == 12);
  CHECK(json.at("finish_reason") == "length");
  CHECK(json.at("logprobs").size() == 12);
  CHECK(json.at("logprobs").at(0).at("top").size() == 3);
  CHECK(json.at("logprobs").at(0).at("top").at(0).at(0) == json.at("tokens").at(0));
  CHECK(json.at("ttft_ms").get<double>() > 0);
  CHECK(json.at("tpot_ms").get<double>() > 0);
}

TEST_CASE("an asymmetric plan, one with uneven shares and a sampled run agree on random weights") {
  const std::string prompt = " --random-weights --prompt-ids 1,2,3,4,5 --max-new-tokens 20";
  const std::string sampled = prompt + " --temperature 0.9 --top-k 50 --seed 7";
  for (const std::string& options : {prompt, sampled}) {
    const Outcome even =
        run("generate --backend cpu --plan tests/data/plan/two_pipelines.json" + options);
    const Outcome uneven =
        run("generate --backend cpu --plan tests/data/plan/uneven_shares.json" + options);
    CHECK(even.exit_code == 0);
    CHECK(even.output == uneven.output);
  }
  CHECK(run("generate --backend cpu --plan tests/data/plan/two_pipelines.json" + prompt).output !=
        run("generate --backend cpu --plan tests/data/plan/two_pipelines.json" + sampled).output);
}

TEST_CASE("a file of prompts gives a line of JSON for each, in order, over both pipelines") {
  const hexgen::test::TemporaryFolder folder;
  hexgen::write_file(folder / "prompts.jsonl",
                     "{\"prompt_tokens\": [1, 2, 3]}\n\n"
                     "{\"prompt_tokens\": [4], \"max_new_tokens\": 2}\n"
                     "{\"prompt_tokens\": [1, 2, 3]}\n");
  const Outcome outcome =
      run("generate --backend cpu --plan tests/data/plan/two_pipelines.json --random-weights "
          "--max-new-tokens 5 "
          "--prompts " +
          (folder / "prompts.jsonl"));
  REQUIRE(outcome.exit_code == 0);
  std::istringstream lines(outcome.output);
  std::vector<nlohmann::json> entries;
  for (std::string line; std::getline(lines, line);) {
    entries.push_back(nlohmann::json::parse(line));
  }
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].at("tokens").size() == 5);
  CHECK(entries[1].at("tokens").size() == 2);
  CHECK(entries[1].at("prompt_tokens") == nlohmann::json{4});
  CHECK(entries[2].at("tokens") == entries[0].at("tokens"));  // another pipeline, the same tokens
}

TEST_CASE("hexgen-run generate refuses bad input with exit code 2 and a line that says why") {
  struct Refused {
    const char* arguments;
    const char* error;
  };

  const std::string model = " --model tests/data/models/llama-gqa";
  const Refused all[] = {
      {"", "expected exactly one of --prompt, --prompt-ids and --prompts"},
      {"--prompt-ids 1 --prompt a", "expected exactly one of"},
      {"--prompt a", "--prompt: text needs a tokenizer.json in the model's folder"},
      {"--prompt-ids 96", "prompt 0: token 96, expected 0 to 95"},
      {"--prompt-ids 1 --max-new-tokens 256",
       "prompt 0: 1 tokens and 256 new ones are more than the model's context of 256"},
      {"--prompt-ids 1 --backend abacus", "--backend: \"abacus\""},
      {"--prompt-ids 1 --dtype fp8", "--dtype: \"fp8\", expected auto, bf16 or fp16"},
      {"--prompt-ids 1 --backend cpu --dtype fp16", "the cpu backend computes in fp32"},
      {"--prompt-ids 1 --backend cpu --communicator peer", "the cpu backend has one of its own"},
      {"--prompt-ids 1 --communicator pigeon", "expected auto, nccl, peer or host"},
      {"--prompt-ids 1 --temperature -1", "--temperature"},
      {"--prompts nowhere.jsonl", "nowhere.jsonl"},
      {"--prompt-ids 1 --plan tests/data/plan/two_pipelines.json",
       "cover 8 layers, the model has 4"},
  };
  for (const Refused& refused : all) {
    CAPTURE(refused.arguments);
    const Outcome outcome = run("generate" + model + " " + refused.arguments);
    CHECK(outcome.exit_code == 2);
    CHECK_MESSAGE(contains(outcome.output, refused.error), outcome.output);
  }
  CHECK(contains(run("generate --prompt-ids 1").output, "--model: is missing"));
  CHECK(contains(run("generate --model tests/data --prompt-ids 1").output, "config.json"));
}

TEST_CASE("a request that the plan's KV cache can never hold ends with exit code 3") {
  const hexgen::test::TemporaryFolder folder;
  std::string plan = hexgen::read_file("tests/data/plan/uneven_shares.json");
  for (const std::string capacity : {"100000", "50000"}) {
    plan.replace(plan.find(capacity), capacity.size(), "32");
  }
  hexgen::write_file(folder / "plan.json", plan);
  const Outcome outcome =
      run("generate --backend cpu --random-weights --prompt-ids 1,2 --max-new-tokens 40 --plan " +
          (folder / "plan.json"));
  CHECK(outcome.exit_code == 3);
  CHECK(contains(outcome.output, "41 tokens need 3 KV blocks, the pipeline has 2"));
}

TEST_CASE("hexgen-run bench measures every batch size that it is given") {
  const Outcome outcome =
      run("bench --backend cpu --model tests/data/models/llama-gqa --batch 1,2 --prompt-tokens 8 "
          "--output-tokens 4 --iters 1");
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.output, "\"format\": \"hexgen.bench/1\""));
  CHECK(contains(outcome.output, "\"dtype\": \"fp32\""));
  CHECK(contains(outcome.output, "\"batch\": 1"));
  CHECK(contains(outcome.output, "\"batch\": 2"));
  CHECK(contains(outcome.output, "\"decode_step_ms\""));
}
