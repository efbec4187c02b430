#include "shard.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "ws_connection.h"

namespace chatbox::net {

namespace {
constexpr std::size_t read_buffer_bytes = 64 * 1024;
constexpr std::size_t spare_buffer_bytes = 64 * 1024;  // a larger one is freed, not kept
constexpr std::size_t spare_buffer_count = 64;
}  // namespace

NetShard::NetShard(ServerState& state, boost::asio::io_context& loop, chat::Hub& hub)
    : state_(state),
      loop_(loop),
      hub_(hub),
      wheel_(state.clock.steady()),
      timer_(loop),
      grace_(loop),
      read_buffer_(read_buffer_bytes) {}

void NetShard::start() {
    tick();
}

void NetShard::tick() {
    timer_.expires_after(TimerWheel::tick);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (ec) return;
        wheel_.advance(state_.clock.steady());
        if (on_stopped_ || !stopping_) tick();
    });
}

void NetShard::flush_later(std::shared_ptr<WsConnection> connection) {
    if (to_flush_.empty()) boost::asio::post(loop_, [this] { flush(); });
    to_flush_.push_back(std::move(connection));
}

void NetShard::flush() {
    const auto connections = std::exchange(to_flush_, {});
    for (const auto& connection : connections) connection->flush();
}

std::unique_ptr<std::string> NetShard::borrow_buffer() {
    if (spare_buffers_.empty()) return std::make_unique<std::string>();
    auto buffer = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
    return buffer;
}

void NetShard::give_back(std::unique_ptr<std::string> buffer) {
    if (buffer->capacity() > spare_buffer_bytes || spare_buffers_.size() >= spare_buffer_count) return;
    buffer->clear();
    spare_buffers_.push_back(std::move(buffer));
}

void NetShard::join(Member& member) {
    members_.push_back(member);
}

void NetShard::part(Member& member) {
    member.unlink();
    check_stopped();
}

Slot NetShard::make_room() {
    if (waiting_.empty()) return {};
    Waiting& longest = waiting_.front();
    waiting_.pop_front();
    return longest.give_way();
}

void NetShard::tell_all(void (Member::*what)()) {
    for (auto at = members_.begin(); at != members_.end();) {
        Member& member = *at++;
        (member.*what)();
    }
}

void NetShard::stop(base::Millis grace, std::function<void()> done) {
    stopping_ = true;
    on_stopped_ = std::move(done);
    tell_all(&Member::on_stop);
    grace_.expires_after(grace);
    grace_.async_wait([this](boost::system::error_code ec) {
        if (!ec) tell_all(&Member::on_cut);
    });
    check_stopped();
}

void NetShard::check_stopped() {
    if (on_stopped_ && members_.empty()) {
        timer_.cancel();
        grace_.cancel();
        std::exchange(on_stopped_, nullptr)();
    }
}

}  // namespace chatbox::net
