# Turns text files into a C++ source that defines hexgen::builtin_files(), so that the programs need
# no data folder. Run as
#   cmake -DOUTPUT=out.cpp -DFOLDER=profiles "-DFILES=gpus.json;models/x.json" -P EmbedFiles.cmake
# Long string literals are split: a compiler need not take more than 65,536 characters in one piece.
set(piece_length 16000)
string(REPLACE "|" ";" FILES "${FILES}")
set(entries "")
foreach(name IN LISTS FILES)
  file(READ ${FOLDER}/${name} text)
  string(LENGTH "${text}" length)
  set(literal "")
  foreach(begin RANGE 0 ${length} ${piece_length})
    string(SUBSTRING "${text}" ${begin} ${piece_length} piece)
    string(APPEND literal "\nR\"hexgen(${piece})hexgen\"")
  endforeach()
  string(APPEND entries "    {\"${name}\", ${literal}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"profiles/builtin_files.h\"

namespace hexgen {

const std::vector<BuiltinFile>& builtin_files() {
  static const std::vector<BuiltinFile> files = {
${entries}  };
  return files;
}

}  // namespace hexgen
")
