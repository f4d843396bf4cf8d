// SPDX-License-Identifier: Apache-2.0
// The client's byte stream and how it is cut into packets.
#include "agent/sftp_input.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace fairlead::agent::sftp {
namespace {

TEST(SftpInput, CutsTheStreamIntoPacketsWhereverItIsSplit) {
  const std::string stream("\0\0\0\3abc\0\0\0\1d\0\0\0\2ef", 18);
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    SftpInput input;
    std::string seen;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      const auto part = stream.substr(at, step);
      std::memcpy(input.space().data(), part.data(), part.size());
      input.received(part.size());
      while (const auto packet = input.next()) seen.append(ssh::as_text(*packet)).append("|");
    }
    EXPECT_EQ(seen, "abc|d|ef|") << step;
    EXPECT_TRUE(input.empty());
  }
}

TEST(SftpInput, TakesTheLongestPacketAndNoLonger) {
  SftpInput input;
  // Nearly the longest twice, so that the second one has to be moved to the front.
  std::size_t packets = 0;
  for (std::size_t sent = 0; sent < 3 * (longest_packet + 4);) {
    auto space = input.space();
    ASSERT_FALSE(space.empty());
    for (auto& byte : space) {
      constexpr std::array<unsigned char, 4> length{0, 4, 0, 0};
      const auto place = sent++ % (longest_packet + 4);
      byte = std::byte{place < 4 ? length[place] : static_cast<unsigned char>('x')};
    }
    input.received(space.size());
    while (const auto packet = input.next()) {
      EXPECT_EQ(packet->size(), longest_packet);
      ++packets;
    }
    EXPECT_FALSE(input.broken());
  }
  EXPECT_GE(packets, 3u);
}

TEST(SftpInput, TooLongAndEmptyPacketsBreakIt) {
  for (const std::string_view length :
       {std::string_view("\0\4\0\1", 4), std::string_view("\xff\xff\xff\xff", 4),
        std::string_view("\0\0\0\0", 4)}) {
    SftpInput input;
    std::memcpy(input.space().data(), length.data(), 4);
    input.received(4);
    EXPECT_FALSE(input.next());
    EXPECT_TRUE(input.broken());
  }
}

}  // namespace
}  // namespace fairlead::agent::sftp
