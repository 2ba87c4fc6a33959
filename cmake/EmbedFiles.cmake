# Turns text files into a C++ source that defines a function of namespace hexgen, declared in HEADER,
# which returns them as vector<BuiltinFile>, so that the programs need no data folder. Run as
#   cmake -DOUTPUT=out.cpp -DFOLDER=profiles "-DFILES=gpus.json|models/x.json"
#         -DHEADER=profiles/builtin_files.h -DFUNCTION=builtin_files -P EmbedFiles.cmake
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
file(WRITE ${OUTPUT} "#include \"${HEADER}\"

namespace hexgen {

const std::vector<BuiltinFile>& ${FUNCTION}() {
  static const std::vector<BuiltinFile> files = {
${entries}  };
  return files;
}

}  // namespace hexgen
")
