// SPDX-License-Identifier: Apache-2.0
// The OCI backend's own face; others use oci.hpp.
#pragma once

#include "backend/backend.hpp"
#include "backend/oci/blocking_pool.hpp"
#include "backend/oci/container.hpp"
#include "backend/oci/host.hpp"
#include "backend/pool.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace fairlead::backend::oci {

class OciBackend final : public Backend {
 public:
  OciBackend(const config::Config& config, observe::Log log);
  ~OciBackend() override;

  Task<std::unique_ptr<Box>> launch(Login login) override;
  Task<> prepare() override;
  void keep_ready(std::shared_ptr<const config::Config> file) override;
  Task<> shutdown() override;
  [[nodiscard]] std::string name() const override { return "oci"; }

  // For tests; set before prepare(). See Host::on_step.
  std::function<void(std::string_view)> on_step;
  [[nodiscard]] const std::shared_ptr<Host>& host() const noexcept { return host_; }

 private:
  class OciBox;
  class OciReadyBox;
  // Null when it has to be looked for.
  [[nodiscard]] std::shared_ptr<const Image> known_image(const config::Config& config) const;
  [[nodiscard]] Task<std::shared_ptr<const Image>> image(std::shared_ptr<const config::Config> config,
                                                         ProgressSink progress);
  struct Order {
    boost::json::object labels{};   // for the journal entry
    ProgressSink progress{};        // empty: nobody waits
    std::shared_ptr<void> place{};  // take_place(); null: nobody's box
  };
  [[nodiscard]] Task<std::unique_ptr<OciReadyBox>> make(std::shared_ptr<const config::Config> config,
                                                        Order order);
  // Nothing: no boxes are made ahead with this configuration.
  [[nodiscard]] std::optional<Recipe> recipe_of(std::shared_ptr<const config::Config> config);
  [[nodiscard]] Task<std::unique_ptr<ReadyBox>> make_ahead(std::shared_ptr<const config::Config> config);
  [[nodiscard]] Task<> remove_left(std::shared_ptr<Container> container);
  [[nodiscard]] Task<> remove(std::shared_ptr<Container> container);
  [[nodiscard]] Task<std::string> end_reason(std::shared_ptr<Container> container);
  void discard(std::shared_ptr<Container> container);
  void forget(const std::shared_ptr<Container>& container);
  void watch_disk();
  void end_greedy_boxes(const std::vector<std::shared_ptr<Container>>& running) const;

  std::shared_ptr<const config::Config> config_;
  observe::Log log_;
  std::shared_ptr<Host> host_;
  std::mutex mutex_;  // of what follows
  std::condition_variable watch_;
  bool stopping_ = false;
  std::set<std::shared_ptr<Container>> boxes_;
  // Last, so that they end before what their work uses.
  std::jthread watcher_;
  BlockingPool image_pool_;
  BlockingPool pool_;
  std::shared_ptr<Pool> warm_;  // from prepare()
};

}  // namespace fairlead::backend::oci
