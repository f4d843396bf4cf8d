// SPDX-License-Identifier: Apache-2.0
// A box between its making and its login: the seam through which every box goes, and which the pool of warm
// boxes widens.
#pragma once

#include "backend/backend.hpp"
#include "base/file_descriptor.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/json/object.hpp>

#include <memory>
#include <string>

namespace fairlead::backend {

// A running box whose agent waits for the first word. Nothing of a login is in it: no name, no variable, no
// file. Belongs to no executor; used by one thread at a time. Dropping it removes the box in the background.
class ReadyBox {
 public:
  virtual ~ReadyBox() = default;
  [[nodiscard]] virtual std::string id() const = 0;  // for logs: container id or name
  // The link to the agent, which says nothing before it is spoken to: readable means that the box has ended,
  // or that it is not to be trusted. Stays this object's; -1 after claim().
  [[nodiscard]] virtual int link() const noexcept = 0;
  // Whether a box that is made now would be the same, as far as that is known without asking anybody.
  [[nodiscard]] virtual bool is_current() const { return true; }
  // Kept until nothing is left of the box, also when that is long after this has died.
  virtual void hold(std::shared_ptr<void> held) = 0;
  // Makes it the login's: user, environment and files. Called once, on the login's executor, which the Box
  // then belongs to. Throws BackendError: DeadBox when another box may serve the login; the box is not to be
  // used for anything any more then. `login` outlives the call.
  [[nodiscard]] virtual Task<std::unique_ptr<Box>> claim(const Login& login) = 0;
};

// It is the box that failed, and not the login.
class DeadBox : public BackendError {
 public:
  using BackendError::BackendError;
};

// A descriptor of a connected Unix stream becomes a socket of `executor`.
[[nodiscard]] ssh::asio::generic::stream_protocol::socket open_link(
    const ssh::asio::any_io_executor& executor, FileDescriptor& link);

// Into a journal entry: whose box it is.
void add_login(boost::json::object& details, const Login& login);

}  // namespace fairlead::backend
