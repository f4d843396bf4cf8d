// SPDX-License-Identifier: Apache-2.0
// ConnectionImpl: the reader, the socket's output, deadlines, and the end.
#include "ssh/connection_impl.hpp"

#include "base/unix_receive.hpp"
#include "ssh/buffer_pool.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace fairlead::ssh {
namespace {

// The engine's own deadlines (an unfinished key exchange) are seconds long; a connection on which nothing has
// happened for longer than the longest of them has none and is left alone.
constexpr std::chrono::seconds tick{5};
constexpr std::chrono::seconds busy = limits::key_exchange_deadline + 2 * tick;

bool would_block(const boost::system::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

// After these there is nobody who could hear a DISCONNECT.
bool peer_is_gone(Errc code) {
  return code == Errc::end_of_stream || code == Errc::io_failed || code == Errc::disconnected_by_peer;
}

// Lesson 2 of design section 6: clients set TCP_NODELAY late, and delayed acknowledgements then cost 40 ms
// each.
void acknowledge_now(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

bool is_tcp(int socket) {
  int protocol = 0;
  socklen_t size = sizeof protocol;
  return ::getsockopt(socket, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == IPPROTO_TCP;
}

constexpr int seconds(std::chrono::seconds time) {
  return static_cast<int>(time.count());
}

// With TCP_USER_TIMEOUT the kernel does not count probes: the time alone decides (tcp(7)).
void set_tcp_options(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  (void)::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const int probe = seconds(limits::tcp_probe);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &probe, sizeof probe);
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &probe, sizeof probe);
  const int silence = seconds(limits::tcp_silence) * 1000;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof silence);
}

}  // namespace

// Held by the reader's frame: when that is destroyed instead of finished, the io_context dies with the
// connection alive.
class ConnectionImpl::Owner {
 public:
  explicit Owner(std::shared_ptr<ConnectionImpl> impl) : impl_(std::move(impl)) {}
  Owner(Owner&&) noexcept = default;
  Owner& operator=(Owner&&) = delete;
  ~Owner() {
    if (impl_) impl_->abandon();
  }
  void reader_finished() noexcept { impl_.reset(); }
  [[nodiscard]] ConnectionImpl& operator*() const noexcept { return *impl_; }

 private:
  std::shared_ptr<ConnectionImpl> impl_;
};

ConnectionImpl::ConnectionImpl(Socket socket, std::shared_ptr<const EngineConfig> config)
    : socket_(std::move(socket)),
      config_(std::move(config)),
      engine_(config_->role == Role::link ? Engine::make_link(config_) : Engine(config_, system_random())),
      gate_(socket_.get_executor()),
      timer_(socket_.get_executor()),
      link_(config_->role == Role::link) {
  boost::system::error_code ignored;  // a socket that is broken says so when it is read
  socket_.non_blocking(true, ignored);
  tcp_ = is_tcp(socket_.native_handle());
  quick_ack_ = tcp_ && !link_;
  if (tcp_) set_tcp_options(socket_.native_handle());
}

ConnectionImpl::~ConnectionImpl() {
  abandon();
}

AcceptedConnection ConnectionImpl::handles() {
  auto channels = std::make_shared<Queue<NewChannel>>(executor(), config_->undecided_channels);
  auto requests = std::make_shared<Queue<Request>>(executor(), config_->unanswered_requests);
  new_channels_ = channels;
  requests_ = requests;
  return AcceptedConnection{Connection(shared_from_this()), Stream<NewChannel>(std::move(channels)),
                            Stream<Request>(std::move(requests))};
}

// --- receiving

Task<> ConnectionImpl::log_in(std::unique_ptr<Login> login, std::chrono::seconds deadline) {
  Owner owner(shared_from_this());
  login_ = std::move(login);
  last_received_ = Clock::now();
  set_deadline(Deadline::login, last_received_ + deadline);
  set_deadline(Deadline::tick, last_received_ + tick);  // a silent peer's key exchange has a deadline, too
  flush_soon();
  std::optional<Error> failure;
  try {
    co_await receive(true);
  } catch (const boost::system::system_error&) {
    failure = {Errc::cancelled};  // whoever logs us in was
  } catch (const std::exception&) {
    failure = {Errc::io_failed, "internal error"};
  }
  // TH-7: a login that failed half-way is none, whatever it says of itself.
  if (failure || !login_->done()) end(failure.value_or(Error{Errc::cancelled}));
  owner.reader_finished();
  if (ended_) throw ending();
  deadlines_.clear(Deadline::login);
}

void ConnectionImpl::run() {
  flush_soon();
  asio::co_spawn(executor(), run_reader(Owner(shared_from_this())), [](const std::exception_ptr&) {});
}

Task<> ConnectionImpl::run_reader(Owner owner) {
  try {
    co_await (*owner).receive(false);
  } catch (const std::exception&) {
    (*owner).end({Errc::io_failed, "internal error"});
  }
  owner.reader_finished();
}

Task<> ConnectionImpl::receive(bool logging_in) {
  const auto self = shared_from_this();
  MutableBytes input = inbox_.kept();
  while (!ended_) {
    auto slow = dispatch(input);
    inbox_.keep(input);
    flush_soon();
    if (slow) {
      if (login_) co_await login_->handle(*slow);
      if (logging_in && login_->done()) co_return;
      flush_soon();
      input = inbox_.kept();
      continue;
    }
    if (engine_.control_backlog() > limits::control_backlog) co_await wait_for_backlog();
    if (ended_) break;
    inbox_.settle();
    boost::system::error_code error;  // end() and ticks cancel the wait, which means nothing here
    co_await socket_.async_wait(Socket::wait_read, asio::redirect_error(asio::use_awaitable, error));
    if (ended_) break;
    const std::size_t kept = inbox_.kept().size();
    input = inbox_.receive(socket_, error);
    if (error == asio::error::eof) {
      end({Errc::end_of_stream});
    } else if (would_block(error)) {
      input = inbox_.kept();
    } else if (error) {
      end({Errc::io_failed, "receiving failed"});
    } else {
      after_receiving(input.size() - kept, Clock::now());
    }
  }
}

// CVE-2025-26466's class: whoever causes replies has to read them.
Task<> ConnectionImpl::wait_for_backlog() {
  while (!ended_ && engine_.control_backlog() > limits::control_backlog) {
    if (!deadlines_.is_set(Deadline::backlog))
      set_deadline(Deadline::backlog, Clock::now() + limits::control_backlog_deadline);
    (void)co_await backlog_.wait(executor());
  }
  deadlines_.clear(Deadline::backlog);
}

void ConnectionImpl::after_receiving(std::size_t size, Clock::time_point now) {
  received_ += size;
  last_received_ = now;
  alive_unanswered_ = 0;
  if (quick_ack_) acknowledge_now(socket_.native_handle());
  if (!deadlines_.is_set(Deadline::tick)) set_deadline(Deadline::tick, now + tick);
  if (tcp_ && bulk_.received(socket_.native_handle(), size, now) && !deadlines_.is_set(Deadline::lull))
    set_deadline(Deadline::lull, now + BulkReceive::lull_time);
}

// --- sending

void ConnectionImpl::flush_soon() {
  const std::size_t waiting = engine_.output().size();
  if (waiting > limits::output_ceiling) end({Errc::output_overflow});
  if (flushing_ || waiting == 0 || !socket_.is_open()) return;
  const auto self = weak_from_this().lock();
  if (!self) return;
  post_flush(self);
}

void ConnectionImpl::post_flush(const std::shared_ptr<ConnectionImpl>& self) {
  asio::post(executor(), [self] { self->contain([&] { self->flush(); }); });
  flushing_ = true;
}

void ConnectionImpl::flush() {
  ByteBuffer& output = engine_.output();
  boost::system::error_code error;
  while (!output.empty() && !error) {
    const Bytes bytes = output.readable();
    count_sent(socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error));
  }
  gate_.output_is(output.size());
  if (would_block(error)) {
    socket_.async_wait(Socket::wait_write,
                       [self = shared_from_this()](auto) { self->contain([&] { self->flush(); }); });
    return;
  }
  flushing_ = false;
  if (error) {
    end({Errc::io_failed, "sending failed"});
    close_socket();
    return;
  }
  buffer_pool::give(output);
  if (ended_) {
    socket_.shutdown(Socket::shutdown_send, error);
    await_close();
  }
}

void ConnectionImpl::count_sent(std::size_t size) {
  engine_.output().consume(size);
  sent_ += size;
  // Output may never be empty during a transfer. When all that was there at the last call is gone, what the
  // peer caused until then is gone too; the bound is off by what it has caused since.
  if (size < unsent_mark_) {
    unsent_mark_ -= size;
    return;
  }
  unsent_mark_ = engine_.output().size();
  engine_.output_taken();
  backlog_.wake_all();
}

void ConnectionImpl::prepare_output() {
  ByteBuffer& output = engine_.output();
  if (output.empty() && output.capacity() < limits::output_high_water) output = buffer_pool::take_output();
}

// --- the end

void ConnectionImpl::end(Error why) noexcept {
  if (ended_) return;
  contain([&] {
    const bool alone = peer_is_gone(why.code);
    if (!link_ && !alone) engine_.disconnect(disconnect_reason(why.code), message(why.code));
    ended_ = why;
    finish_everybody();
    if (login_) login_->interrupt();
    wake_reader();
    const auto self = weak_from_this().lock();
    if (alone || !self) {
      close_socket();
      return;
    }
    set_deadline(Deadline::parting, Clock::now() + limits::parting_deadline);
    if (!flushing_) post_flush(self);
  });
}

void ConnectionImpl::disconnect(DisconnectReason reason, std::string_view text) noexcept {
  if (ended_) return;
  contain([&] {
    if (!link_) engine_.disconnect(reason, text);
  });
  end({Errc::connection_closed});
}

void ConnectionImpl::abandon(Error why) noexcept {
  if (!ended_) {
    ended_ = why;
    finish_everybody();
  }
  close_socket();  // which wakes the reader
  if (login_) login_->interrupt();
}

void ConnectionImpl::finish_everybody() noexcept {
  deadlines_.clear_all();
  gate_.end();
  for (ChannelCore* core : std::exchange(channels_, {}))
    if (core) core->finish();
  if (const auto queue = new_channels_.lock()) queue->close();
  if (const auto queue = requests_.lock()) queue->close();
  for (const auto& pending : std::exchange(replies_, {}))
    if (pending) pending->answered = true;
  backlog_.wake_all();
  reply_waiters_.wake_all();
  end_waiters_.wake_all();
}

Task<Error> ConnectionImpl::wait_ended() {
  const auto self = shared_from_this();
  while (!ended_) (void)co_await end_waiters_.wait(executor());
  co_return *ended_;
}

// Everything is said. A socket that is closed with unread bytes in it takes back what the peer has not read
// yet, so the peer closes first, if it is quick.
void ConnectionImpl::await_close() {
  const MutableBytes scratch = buffer_pool::receive_buffer();
  const ssize_t received = receive_without_descriptors(socket_.native_handle(), scratch);
  if (received == 0 || (received < 0 && errno != EAGAIN)) {
    close_socket();
    return;
  }
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](boost::system::error_code failed) {
    if (!failed) self->contain([&] { self->await_close(); });
  });
}

void ConnectionImpl::close_socket() noexcept {
  boost::system::error_code ignored;
  socket_.close(ignored);
  deadlines_.clear_all();
  timer_.cancel();
}

// --- deadlines

void ConnectionImpl::keep_alive(std::chrono::seconds interval, unsigned count) {
  alive_interval_ = interval;
  alive_count_ = count;
  if (interval.count() > 0 && !ended_) set_deadline(Deadline::alive, Clock::now() + interval);
}

void ConnectionImpl::set_deadline(Deadline which, Clock::time_point when) {
  deadlines_.set(which, when);
  if (when < timer_expiry_) run_timer();
}

void ConnectionImpl::run_timer() {
  timer_expiry_ = deadlines_.earliest();
  if (timer_expiry_ == Clock::time_point::max()) return;
  timer_.expires_at(timer_expiry_);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    if (cancelled) return;
    if (const auto self = weak.lock()) self->contain([&] { self->on_timer(); });
  });
}

void ConnectionImpl::on_timer() {
  timer_expiry_ = Clock::time_point::max();
  const auto now = Clock::now();
  while (const auto due = deadlines_.take_due(now)) on_due(*due, now);
  if (deadlines_.earliest() < timer_expiry_) run_timer();
}

void ConnectionImpl::on_due(Deadline which, Clock::time_point now) {
  switch (which) {
    case Deadline::login:
      return end({Errc::timeout, "login took too long"});
    case Deadline::backlog:
      return end({Errc::output_overflow});
    case Deadline::parting:
      return close_socket();
    case Deadline::tick:
      return ask_engine(now);
    case Deadline::alive:
      return send_keepalive(now);
    case Deadline::lull:
      return check_lull(now);
  }
}

void ConnectionImpl::ask_engine(Clock::time_point now) {
  if (now - last_received_ < busy) set_deadline(Deadline::tick, now + tick);
  wake_reader();
}

void ConnectionImpl::check_lull(Clock::time_point now) {
  if (now - last_received_ < BulkReceive::lull_time)
    return set_deadline(Deadline::lull, last_received_ + BulkReceive::lull_time);
  bulk_.lull(socket_.native_handle());
  wake_reader();
}

void ConnectionImpl::wake_reader() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

void ConnectionImpl::send_keepalive(Clock::time_point now) {
  if (now - last_received_ < alive_interval_)
    return set_deadline(Deadline::alive, last_received_ + alive_interval_);
  if (alive_unanswered_ >= alive_count_) return end({Errc::timeout, "peer does not answer"});
  ++alive_unanswered_;
  replies_.push_back(nullptr);
  engine_.send_global_request(KeepaliveRequest::wire_name, true, {});
  flush_soon();
  set_deadline(Deadline::alive, now + alive_interval_);
}

}  // namespace fairlead::ssh
