// SPDX-License-Identifier: Apache-2.0
// QR codes as text.
#include "auth/qr_code.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fairlead::auth {
namespace {

TEST(QrCode, IsASquareOfHalfBlocks) {
  const auto picture = qr_code("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP");
  ASSERT_TRUE(picture);
  // Version 3: 29 modules a side and two around it, two rows a line.
  EXPECT_EQ(std::ranges::count(*picture, '\n'), 17);
  EXPECT_NE(picture->find("▀"), std::string::npos);
}

TEST(QrCode, TextThatDoesNotFitIsNone) {
  EXPECT_FALSE(qr_code(std::string(5000, 'x')));
}

}  // namespace
}  // namespace fairlead::auth
