#pragma once

#include <map>
#include <string>
#include <vector>

namespace hexgen {

/// One element of an XML file. Elements stand in the order of their start tags, so that a parent
/// comes before its children.
struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;
  int parent = -1;  // index; -1: the root element
  int line = 0;     // counted from 1

  /// Empty when the element has no such attribute.
  std::string attribute(const std::string& key) const;
};

/// The elements of a file of tags and attributes, as NCCL writes its topologies. Comments and the
/// XML declaration are skipped; text, entities and document types are refused. Throws InputError
/// naming file and line.
std::vector<XmlElement> read_xml(const std::string& path);

}  // namespace hexgen
