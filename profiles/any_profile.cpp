#include "profiles/any_profile.h"

#include "profiles/file.h"
#include "profiles/json_reader.h"

namespace hexgen {

AnyProfile read_any_profile(const std::string& path) {
  const JsonDocument document = JsonDocument::parse(read_file(path), path);
  const JsonReader format = document.root().at("format");
  if (format.string() == "hexgen.profile/1") {
    return read_profile(path);
  }
  if (format.string() == "hexgen.layer_profile/1") {
    return read_layer_profile(path);
  }
  format.fail(format.shown() +
              " is no profile, expected hexgen.profile/1 or hexgen.layer_profile/1");
}

}  // namespace hexgen
