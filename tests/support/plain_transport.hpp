// SPDX-License-Identifier: Apache-2.0
// Packets in the clear with a login on top: what a UserAuthServer or UserAuthClient says can be read as it
// is.
#pragma once

#include "protocol/packet_codec.hpp"
#include "protocol/transport.hpp"

#include <vector>

namespace fairlead::ssh::test {

class PlainTransport final : public Transport {
 public:
  [[nodiscard]] bool authenticated() const noexcept override { return authenticated_; }
  void set_authenticated() noexcept override { authenticated_ = true; }
  void set_dialogue(AuthDialogue dialogue) noexcept override { dialogue_ = dialogue; }
  [[nodiscard]] AuthDialogue dialogue() const noexcept { return dialogue_; }

  // The payloads that have been sent; takes them away.
  std::vector<std::vector<std::byte>> take_sent() {
    std::vector<std::vector<std::byte>> payloads;
    PacketReader reader;
    MutableBytes input = output().readable();
    for (auto packet = reader.next(input); packet && *packet; packet = reader.next(input))
      payloads.emplace_back((*packet)->payload.begin(), (*packet)->payload.end());
    output().clear();
    return payloads;
  }

 private:
  AuthDialogue dialogue_ = AuthDialogue::none;
  bool authenticated_ = false;
};

}  // namespace fairlead::ssh::test
