// SPDX-License-Identifier: Apache-2.0
// Data to the file, and one answer.
#include "agent/file_delivery.hpp"

#include "link/agent_link.hpp"

#include <utility>

namespace fairlead::agent {

void FileDelivery::on_data(ssh::DataType type, ssh::Bytes data) {
  // What still comes after a failure was under way, and is dropped.
  if (state_ && type == ssh::DataType::standard) state_ = file_.append(data);
  engine_.consumed(channel_, data.size());
}

void FileDelivery::on_request(const ssh::event::ChannelRequest& request) {
  const bool known = request.name == link::deliver_request && !std::exchange(asked_, true);
  if (known && state_) state_ = file_.appear();
  if (known && !state_) {
    (void)engine_.send_data(channel_, ssh::DataType::standard, ssh::as_bytes(state_.error()));
    engine_.send_eof(channel_);
  }
  if (request.want_reply) engine_.reply(channel_, request.ticket, known && state_);
}

}  // namespace fairlead::agent
