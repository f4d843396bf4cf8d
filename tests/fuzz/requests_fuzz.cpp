// SPDX-License-Identifier: Apache-2.0
// Request bodies: whatever decodes, encodes to something that decodes to the same.
#include "fuzz/fuzz_input.hpp"

#include <fairlead/ssh/limits.hpp>
#include <fairlead/ssh/requests.hpp>

using namespace fairlead::ssh;
using fuzz::require;

namespace {

template <class Body>
void check(Bytes payload) {
  const auto decoded = Body::decode(payload);
  if (!decoded) {
    require(decoded.error().code == Errc::bad_message);
    return;
  }
  const auto encoded = decoded->encode();
  const auto again = Body::decode(encoded);
  require(again.has_value() && again->encode() == encoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FuzzInput input(data, size);
  const std::uint8_t which = input.byte();
  const Bytes payload = input.rest();
  (void)request_type(as_text(payload));
  switch (which % 8) {
    case 0:
      check<EnvRequest>(payload);
      break;
    case 1:
      check<PtyRequest>(payload);
      break;
    case 2:
      check<WindowChangeRequest>(payload);
      break;
    case 3:
      check<ExecRequest>(payload);
      break;
    case 4:
      check<SubsystemRequest>(payload);
      break;
    case 5:
      check<SignalRequest>(payload);
      break;
    case 6:
      check<ExitStatusRequest>(payload);
      break;
    default:
      check<ExitSignalRequest>(payload);
      break;
  }
  if (const auto pty = PtyRequest::decode(payload)) {
    require(pty->size.columns >= 1 && pty->size.columns <= limits::terminal_side);
    require(pty->size.rows >= 1 && pty->size.rows <= limits::terminal_side);
    require(pty->modes.size() <= limits::terminal_modes);
  }
  return 0;
}
