#include "profiles/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "profiles/errors.h"
#include "tests/support/temporary_folder.h"

using hexgen::InputError;
using hexgen::read_file;
using hexgen::write_file;
using hexgen::test::TemporaryFolder;

namespace {

std::size_t entries(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder.path()), {}));
}

}  // namespace

TEST_CASE("what is written is read back byte for byte, and nothing else is left") {
  const TemporaryFolder folder;
  const std::string content = std::string("a\0b\r\n", 5) + std::string(200'000, 'x');
  write_file(folder / "out.json", content);
  CHECK(read_file(folder / "out.json") == content);
  CHECK(entries(folder) == 1);
}

TEST_CASE("writing replaces a file") {
  const TemporaryFolder folder;
  write_file(folder / "out.json", "a longer first version");
  write_file(folder / "out.json", "second");
  CHECK(read_file(folder / "out.json") == "second");
}

TEST_CASE("a symbolic link is followed, not replaced") {
  const TemporaryFolder folder;
  write_file(folder / "real.json", "first");
  std::filesystem::create_symlink(folder / "real.json", folder / "link.json");
  write_file(folder / "link.json", "second");
  CHECK(std::filesystem::is_symlink(folder / "link.json"));
  CHECK(read_file(folder / "real.json") == "second");
}

TEST_CASE("a pipe is written, not replaced") {
  const TemporaryFolder folder;
  const std::string path = folder / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  write_file(path, "through");
  char buffer[16] = {};
  CHECK(::read(reader, buffer, sizeof buffer) == 7);
  CHECK(std::string(buffer) == "through");
  CHECK(std::filesystem::is_fifo(path));
  ::close(reader);
}

TEST_CASE("a file in a folder that does not exist is refused by name") {
  const TemporaryFolder folder;
  const std::string path = folder / "missing/out.json";
  CHECK_THROWS_WITH_AS(write_file(path, "x"),
                       (path + ": cannot be written: No such file or directory").c_str(),
                       InputError);
  CHECK_THROWS_WITH_AS(
      read_file(path), (path + ": cannot be read: No such file or directory").c_str(), InputError);
}

TEST_CASE("a folder is neither read nor replaced as a file") {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "out.json");
  CHECK_THROWS_AS(write_file(folder / "out.json", "x"), InputError);
  CHECK_THROWS_AS(read_file(folder / "out.json"), InputError);
  CHECK(std::filesystem::is_directory(folder / "out.json"));
  CHECK(entries(folder) == 1);
}
