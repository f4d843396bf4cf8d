// SPDX-License-Identifier: Apache-2.0
// What the journal says of a box's login.
#include "backend/ready_box.hpp"

namespace fairlead::backend {

void add_login(boost::json::object& details, const Login& login) {
  details["connectionId"] = login.connection_id;
  details["user"] = login.user;
  details["ip"] = login.remote_address;
}

}  // namespace fairlead::backend
