// SPDX-License-Identifier: Apache-2.0
// What a login brings along from whoever vouched for it, through the configuration webhook, into its box
// (services.md section 0.3).
#pragma once

#include <map>
#include <string>

namespace fairlead::config {

struct MetadataValue {
  std::string value;       // of a file: its bytes
  bool sensitive = false;  // goes into the box and to no other webhook

  friend bool operator==(const MetadataValue&, const MetadataValue&) = default;
};

using MetadataMap = std::map<std::string, MetadataValue>;

struct Metadata {
  MetadataMap metadata{};                // name → value, for webhooks and for what `expose…` names
  MetadataMap environment{};             // variables of every program of the login
  MetadataMap files{};                   // absolute path in the box → content
  std::string authenticated_username{};  // "": whoever vouched named nobody

  // Entries of `later` replace those of the same name; none is removed. Its authenticated_username counts
  // unless it is empty.
  void merge(const Metadata& later);

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

}  // namespace fairlead::config
