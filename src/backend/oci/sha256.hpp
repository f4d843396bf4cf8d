// SPDX-License-Identifier: Apache-2.0
// SHA-256 as images use it: over streams, in hex.
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace fairlead::backend::oci {

class Sha256 {
 public:
  Sha256();
  void update(std::string_view data);
  // 64 hex digits; once.
  [[nodiscard]] std::string hex();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

[[nodiscard]] std::string sha256_hex(std::string_view data);

}  // namespace fairlead::backend::oci
