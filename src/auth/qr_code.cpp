// SPDX-License-Identifier: Apache-2.0
// libqrencode's modules, two rows to a line.
#include "auth/qr_code.hpp"

#include <qrencode.h>

#include <array>
#include <memory>
#include <string_view>

namespace fairlead::auth {
namespace {

constexpr int quiet = 2;  // modules around the code; the standard's four are more than readers need
constexpr std::string_view black_on_white = "\x1b[30;107m", plain = "\x1b[0m\n";
constexpr std::array<std::string_view, 4> blocks{" ", "▄", "▀", "█"};

struct Free {
  void operator()(QRcode* code) const noexcept { QRcode_free(code); }
};

bool is_dark(const QRcode& code, int row, int column) {
  if (row < 0 || column < 0 || row >= code.width || column >= code.width) return false;
  return (code.data[row * code.width + column] & 1) != 0;
}

}  // namespace

std::optional<std::string> qr_code(const std::string& text) {
  const std::unique_ptr<QRcode, Free> code(QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L));
  if (!code) return std::nullopt;
  std::string picture;
  for (int row = -quiet; row < code->width + quiet; row += 2) {
    picture += black_on_white;
    for (int column = -quiet; column < code->width + quiet; ++column) {
      const unsigned upper = is_dark(*code, row, column) ? 2 : 0;
      const unsigned lower = is_dark(*code, row + 1, column) ? 1 : 0;
      picture += blocks.at(upper + lower);
    }
    picture += plain;
  }
  return picture;
}

}  // namespace fairlead::auth
