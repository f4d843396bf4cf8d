// SPDX-License-Identifier: Apache-2.0
// Bodies of requests and of channel opens: whatever decodes, encodes to something that decodes to the same,
// and is within its limits.
#include "fuzz/fuzz_input.hpp"

#include <fairlead/ssh/global_requests.hpp>
#include <fairlead/ssh/limits.hpp>
#include <fairlead/ssh/requests.hpp>

#include <iterator>
#include <string>

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

// One decoder for each number; make_seeds.py counts the same way.
using Check = void (*)(Bytes);
constexpr Check checks[] = {
    check<EnvRequest>,
    check<PtyRequest>,
    check<WindowChangeRequest>,
    check<ExecRequest>,
    check<SubsystemRequest>,
    check<SignalRequest>,
    check<ExitStatusRequest>,
    check<ExitSignalRequest>,
    check<X11Request>,
    check<BreakRequest>,
    check<XonXoffRequest>,
    check<AgentForwardRequest>,
    check<DirectTcpip>,
    check<ForwardedTcpip>,
    check<DirectStreamlocal>,
    check<ForwardedStreamlocal>,
    check<X11Open>,
    check<TcpipForward>,
    check<TcpipForwardReply>,
    check<CancelTcpipForward>,
    check<StreamlocalForward>,
    check<HostKeys>,
    check<HostKeysProve>,
    check<HostKeysProof>,
};

void check_limits(Bytes payload) {
  if (const auto pty = PtyRequest::decode(payload)) {
    require(pty->size.columns >= 1 && pty->size.columns <= limits::terminal_side);
    require(pty->size.rows >= 1 && pty->size.rows <= limits::terminal_side);
    require(pty->modes.size() <= limits::terminal_modes);
  }
  if (const auto open = DirectTcpip::decode(payload)) {
    require(!open->target.host.empty() && open->target.host.size() <= limits::host_name);
    require(open->target.host.find('\0') == std::string::npos);
  }
  if (const auto open = DirectStreamlocal::decode(payload))
    require(!open->path.empty() && open->path.size() <= limits::socket_path);
  if (const auto x11 = X11Request::decode(payload))
    require(x11->cookie.find('\n') == std::string::npos && x11->protocol.find('\n') == std::string::npos);
  if (const auto keys = HostKeys::decode(payload)) require(keys->keys.size() <= limits::host_keys);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::FuzzInput input(data, size);
  const std::uint8_t which = input.byte();
  const Bytes payload = input.rest();
  (void)request_type(as_text(payload));
  (void)channel_type(as_text(payload));
  checks[which % std::size(checks)](payload);
  check_limits(payload);
  return 0;
}
