// SPDX-License-Identifier: Apache-2.0
// What a webhook has said about the key that a connection showed last: a query and the signature that follows
// it are one question (core.md section 1.4).
#pragma once

#include "auth/decision.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace fairlead::keeper {

// Thread-safe; the requests of one connection come one after the other. One entry for each connection that is
// logging in.
class KeyVerdicts {
 public:
  struct Question {
    std::string user;
    std::vector<std::byte> key;  // wire form of a key or a certificate

    friend bool operator==(const Question&, const Question&) = default;
  };

  // Nothing when the last question of this connection was another one.
  [[nodiscard]] std::optional<auth::Decision> find(const std::string& connection,
                                                   const Question& question) const;
  void keep(const std::string& connection, Question question, auth::Decision decision);
  void forget(const std::string& connection);

 private:
  struct Entry {
    Question question;
    auth::Decision decision;
  };
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace fairlead::keeper
