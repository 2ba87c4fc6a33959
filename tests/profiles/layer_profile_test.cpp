#include "profiles/layer_profile.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "profiles/import_helix.h"
#include "profiles/import_llmservingsim.h"
#include "tests/support/temporary_folder.h"

using namespace hexgen;
using namespace hexgen::test;
using doctest::Approx;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

/// A profile as LLMServingSim writes them, but tiny; some files have CRLF line ends.
Files small_import() {
  return {{"dense.csv",
           "layer,tokens,time_us\r\n"
           "embedding,1,3.5\r\nfinal_layernorm,1,2.5\r\n"
           "qkv_proj,8,20\r\nqkv_proj,1,10\r\n"
           "o_proj,1,5\r\ngate_up_proj,1,40\r\ndown_proj,1,25\r\n"
           "layernorm,1,1.5\r\nrotary_emb,1,2\r\n"},
          {"per_sequence.csv", "layer,sequences,time_us\nlm_head,1,700\nsampler,1,25\n"},
          {"attention.csv",
           "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,1,16,8\n16,32,1,16,9.5\n"},
          {"skew_fit.csv",
           "pc,n_label,skew_rate_label,kv_big_label,kp_label,alpha,n_samples\n"
           "0,n<=128,sr<=15%,kvB<=4k,kp=0,0.03,4\n"
           "16,n<=2,sr>70%,kvB<=16384,kp<=512,-0.5,4\n"
           "16,n<=2,sr>70%,kvB>16k,kp>8k,0.1,1\n"}};
}

void write(const TemporaryFolder& folder, const Files& files) {
  for (const auto& [name, text] : files) {
    write_file(folder / name, text);
  }
}

LayerProfile import(const TemporaryFolder& folder) {
  return import_llmservingsim(folder.path().string(),
                              {.gpu_type = "RTX-PRO-6000", .model = "llama-3.1-8b"});
}

/// What reading these tables of Helix gives, or the error without the folder's name.
std::string helix_error(const std::string& prompt, const std::string& decode) {
  const TemporaryFolder folder;
  write(folder, {{"prompt_bs2time.csv", prompt}, {"decode_bs2time.csv", decode}});
  try {
    import_helix(folder.path().string(), {.gpu_type = "T4x4", .model = "llama-2-70b"});
  } catch (const InputError& error) {
    return std::string(error.what()).substr(folder.path().string().size() + 1);
  }
  return "(accepted)";
}

/// The error that an import gives, without the folder's name, when `text` replaces one file.
std::string error_with(const std::string& name, const std::string& text) {
  const TemporaryFolder folder;
  write(folder, small_import());
  write_file(folder / name, text);
  try {
    import(folder);
  } catch (const InputError& error) {
    const std::string what = error.what();
    const std::string prefix = folder.path().string() + "/";
    CHECK(what.substr(0, prefix.size()) == prefix);
    return what.substr(prefix.size());
  }
  return "(accepted)";
}

}  // namespace

TEST_CASE("a layer profile that is written and read again is the same") {
  const LayerProfile profile = read_layer_profile("tests/data/layer_profile/small.json");
  CHECK(profile.layer_operators.size() == 2);
  CHECK(profile.layer_operators[1].per_layer == 2);
  CHECK(profile.attention.size() == 8);
  CHECK(profile.attention[1].time_s == Approx(8e-6));
  CHECK(profile.skew.size() == 2);
  const TemporaryFolder folder;
  write_file(folder / "again.json", layer_profile_text(profile));
  CHECK(layer_profile_text(read_layer_profile(folder / "again.json")) ==
        layer_profile_text(profile));
}

TEST_CASE("skew may be left out") {
  LayerProfile profile = read_layer_profile("tests/data/layer_profile/small.json");
  profile.skew.clear();
  const TemporaryFolder folder;
  write_file(folder / "no_skew.json", layer_profile_text(profile));
  CHECK(read_layer_profile(folder / "no_skew.json").skew.empty());
}

TEST_CASE("a profile of LLMServingSim becomes operators, heads, attention and skew") {
  const TemporaryFolder folder;
  write(folder, small_import());
  const LayerProfile profile = import(folder);
  CHECK(profile.gpu_type == "RTX-PRO-6000");
  CHECK(profile.model == "llama-3.1-8b");
  CHECK(profile.embedding.at(0).time_s == Approx(3.5e-6));
  CHECK(profile.final_norm.at(0).time_s == Approx(2.5e-6));
  CHECK(profile.lm_head.at(0).time_s == Approx(700e-6));
  CHECK(profile.sampler.at(0).time_s == Approx(25e-6));
  REQUIRE(profile.layer_operators.size() == 6);  // embedding and final norm are of no layer
  CHECK(profile.layer_operators[0].name == "qkv_proj");
  CHECK(profile.layer_operators[0].times.at(0).rows == 1);  // sorted
  CHECK(profile.layer_operators[0].times.at(1).time_s == Approx(20e-6));
  CHECK(profile.layer_operators[4].name == "layernorm");
  CHECK(profile.layer_operators[4].per_layer == 2);  // before attention and before the MLP
  CHECK(profile.attention.at(1) == AttentionTime{16, 32, 1, 16, 9.5 * 1e-6});
  CHECK(profile.skew.at(0) == SkewShare{0, 128, 0.15, 4096, 0, 0.03});
  CHECK(profile.skew.at(1) == SkewShare{16, 2, 1.0, 16384, 512, -0.5});
  CHECK(profile.skew.at(2).longest_kv_tokens == 1 << 30);  // no upper end
  CHECK(profile.skew.at(2).prefill_kv_tokens == 1 << 30);
}

TEST_CASE("a profile of LLMServingSim may lie in a subfolder and have no skew") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "layer_profile");
  Files files = small_import();
  files.pop_back();
  for (auto& [name, text] : files) {
    name.insert(0, "layer_profile/");
  }
  write(folder, files);
  CHECK(import(folder).skew.empty());
}

TEST_CASE("broken profiles of LLMServingSim are refused by file, line and value") {
  const std::string dense = "layer,tokens,time_us\nembedding,1,3\nfinal_layernorm,1,2\n";
  CHECK(error_with("dense.csv", dense) == "dense.csv: has no rows of layer 'qkv_proj'");
  CHECK(error_with("dense.csv", dense + "embedding,1,4\n") ==
        "dense.csv: line 4: embedding at 1 stands here twice");
  CHECK(error_with("dense.csv", dense + "qkv_proj,0,4\n") ==
        "dense.csv: line 4: tokens: 0 is less than 1");
  CHECK(error_with("dense.csv", dense + "qkv_proj,1.5,4\n") ==
        "dense.csv: line 4: '1.5' is not a count");
  CHECK(error_with("dense.csv", dense + "qkv_proj,1,-4\n") ==
        "dense.csv: line 4: time_us: '-4' is not above 0");
  CHECK(error_with("dense.csv", dense + "qkv_proj,1\n") ==
        "dense.csv: line 4: 2 cells, the first line has 3");
  CHECK(error_with("dense.csv", "layer,rows,time_us\n") == "dense.csv: has no column 'tokens'");
  CHECK(error_with("per_sequence.csv", "layer,sequences,time_us\nlm_head,1,7\n") ==
        "per_sequence.csv: has no rows of layer 'sampler'");
  const std::string attention = "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n";
  CHECK(error_with("attention.csv", attention + "0,0,0,16,8\n") ==
        "attention.csv: line 2: neither prefill_chunk nor n_decode is above 0");
  CHECK(error_with("attention.csv", attention + "0,0,1,16,8\n0,0,1,16,9\n") ==
        "attention.csv: line 3: this point stands here twice");
  CHECK(error_with("attention.csv", attention) == "attention.csv: has no rows");
  const std::string skew = "pc,n_label,skew_rate_label,kv_big_label,kp_label,alpha,n_samples\n";
  CHECK(
      error_with("skew_fit.csv", skew + "0,n<=2,sr<=15%,kvB<=4m,kp=0,0.03,4\n") ==
      "skew_fit.csv: line 2: 'kvB<=4m' is no range such as n<=8, sr<=15%, kvB<=4k, kp=0 or kp>8k");
  CHECK(error_with("skew_fit.csv", skew + "0,n<=2,sr<=15%,kvB<=4k,kp=0,,4\n") ==
        "skew_fit.csv: line 2: '' is not a number");
}

TEST_CASE("an import names what it was not told rightly") {
  const TemporaryFolder folder;
  write(folder, small_import());
  CHECK_THROWS_WITH_AS(
      import_llmservingsim(folder.path().string(), {.gpu_type = "RTX-PRO-6001", .model = "x"}),
      doctest::Contains("RTX-PRO-6000"),
      InputError);
}

TEST_CASE("a layer of Helix takes the time of its prompts and of its decoding sequences") {
  const TemporaryFolder folder;
  write(folder,
        {{"prompt_bs2time.csv", "0,0\n250,2\n500,4"}, {"decode_bs2time.csv", "0,0\r\n2,1.4\r\n"}});
  const LayerProfile profile =
      import_helix(folder.path().string(), {.gpu_type = "T4x4", .model = "llama-2-70b"});
  CHECK(profile.gpu_type == "T4x4");  // a machine of four: no type of the catalogue
  CHECK(profile.model == "llama-2-70b");
  // Rows at 1 are on the line from 0: 8 us a token, 700 us a sequence.
  const std::vector<AttentionTime> expected = {{0, 0, 1, 1, 700e-6},
                                               {0, 0, 2, 1, 1400e-6},
                                               {1, 0, 0, 0, 8e-6},
                                               {1, 0, 1, 1, 708e-6},
                                               {1, 0, 2, 1, 1408e-6},
                                               {250, 0, 0, 0, 2000e-6},
                                               {250, 0, 1, 1, 2700e-6},
                                               {250, 0, 2, 1, 3400e-6},
                                               {500, 0, 0, 0, 4000e-6},
                                               {500, 0, 1, 1, 4700e-6},
                                               {500, 0, 2, 1, 5400e-6}};
  REQUIRE(profile.attention.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(profile.attention[i].prefill_tokens == expected[i].prefill_tokens);
    CHECK(profile.attention[i].decode_sequences == expected[i].decode_sequences);
    CHECK(profile.attention[i].time_s == Approx(expected[i].time_s));
  }
  write_file(folder / "profile.json", layer_profile_text(profile));
  CHECK(read_layer_profile(folder / "profile.json").attention.size() == expected.size());
}

TEST_CASE("broken tables of Helix are refused by file, line and value") {
  const std::string good = "0,0\n2,1.5\n";
  CHECK(helix_error(good, good) == "(accepted)");
  CHECK(helix_error("0,0\n", good) ==
        "prompt_bs2time.csv: 1 rows, expected 0,0 and at least one more");
  CHECK(helix_error(good, "1,0\n2,1\n") == "decode_bs2time.csv: line 1: 1,0 is not 0,0");
  CHECK(helix_error(good + "2,2\n", good) ==
        "prompt_bs2time.csv: line 3: '2' is not a count above the row before");
  CHECK(helix_error(good, good + "4.5,2\n") ==
        "decode_bs2time.csv: line 3: '4.5' is not a count above the row before");
  CHECK(helix_error(good, good + "4,0\n") ==
        "decode_bs2time.csv: line 3: '0' is not a time above 0");
  CHECK(helix_error(good, good + "4,x\n").find("decode_bs2time.csv: line 3: ") == 0);
}
