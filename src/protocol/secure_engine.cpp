// SPDX-License-Identifier: Apache-2.0
// The one place that joins Engine to cryptography: a program that makes its engines with make_link() does not
// link it.
#include "protocol/engine_impl.hpp"
#include "protocol/secure_transport.hpp"
#include "protocol/user_auth_client.hpp"
#include "protocol/user_auth_server.hpp"

#include <utility>

namespace fairlead::ssh {

Engine::Engine(std::shared_ptr<const EngineConfig> config, RandomSource& random)
    : impl_(std::make_unique<Impl>()) {
  impl_->config = std::move(config);
  if (impl_->config->role == Role::link) {
    impl_->transport = std::make_unique<Transport>();
    impl_->admit();
    return;
  }
  impl_->transport = std::make_unique<SecureTransport>(*impl_->config, random);
  if (impl_->config->role == Role::server)
    impl_->user_auth = std::make_unique<UserAuthServer>(*impl_->config, *impl_->transport);
  else
    impl_->user_auth = std::make_unique<UserAuthClient>(*impl_->transport);
}

}  // namespace fairlead::ssh
