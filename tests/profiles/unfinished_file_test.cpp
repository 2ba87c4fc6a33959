#include "profiles/unfinished_file.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "profiles/errors.h"
#include "profiles/file.h"
#include "tests/support/temporary_folder.h"

using namespace hexgen;
using hexgen::test::TemporaryFolder;

TEST_CASE("a file has its name when it is completed, and not before") {
  const TemporaryFolder folder;
  {
    UnfinishedFile file(folder / "out.json");
    file.stream() << "one, "
                  << "two";
    CHECK_FALSE(std::filesystem::exists(folder / "out.json"));
    file.complete();
  }
  CHECK(read_file(folder / "out.json") == "one, two");
}

TEST_CASE("a file that is not completed leaves the one before it, and nothing else") {
  const TemporaryFolder folder;
  write_file(folder / "out.json", "before");
  { UnfinishedFile(folder / "out.json").stream() << "half"; }
  CHECK(read_file(folder / "out.json") == "before");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an unfinished file follows a symbolic link") {
  const TemporaryFolder folder;
  write_file(folder / "real.json", "first");
  std::filesystem::create_symlink(folder / "real.json", folder / "link.json");
  UnfinishedFile file(folder / "link.json");
  file.stream() << "second";
  file.complete();
  CHECK(std::filesystem::is_symlink(folder / "link.json"));
  CHECK(read_file(folder / "real.json") == "second");
}

TEST_CASE("a folder, a place that is not there and a full device are refused by name") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(
      UnfinishedFile(folder.path().string()),
      (folder.path().string() + ": is a folder, expected the name of a file to write").c_str(),
      InputError);
  CHECK_THROWS_WITH_AS(
      UnfinishedFile(folder / "no/out.json"),
      (folder / "no/out.json" + ": cannot be written: No such file or directory").c_str(),
      InputError);
  UnfinishedFile full("/dev/full");
  full.stream() << "x";
  CHECK_THROWS_WITH_AS(
      full.complete(), "/dev/full: cannot be written: No space left on device", InputError);
}
