#pragma once
// What the connections of one network thread share. Touched on that thread only, except where said.
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "guard.h"
#include "net/server.h"
#include "timer_wheel.h"

namespace chatbox::net {

class WsConnection;

// What all shards share; immutable but for the counters and the guard.
struct ServerState {
    Options options;
    Facts facts;
    const auth::TokenVerifier& verifier;
    chat::Queries& queries;
    const base::Clock& clock;
    base::Log& log;
    base::Metrics& metrics;
    Guard guard{options};
    std::atomic<bool> draining{false};
    std::atomic<std::size_t> web_sockets{0};
    std::atomic<std::size_t> http_connections{0};
    auth::Tickets tickets{options.tickets, clock};
    std::string openapi = {};  // the description of all routes, made at the start
};

// Counts while it lives. Empty when the limit was reached.
class Slot {
public:
    Slot() = default;
    static Slot take(std::atomic<std::size_t>& counter, std::size_t limit) {
        if (counter.fetch_add(1) >= limit) {
            counter.fetch_sub(1);
            return {};
        }
        return Slot(&counter);
    }
    Slot(Slot&& other) noexcept : counter_(std::exchange(other.counter_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept {
        std::swap(counter_, other.counter_);
        return *this;
    }
    ~Slot() {
        if (counter_ != nullptr) counter_->fetch_sub(1);
    }
    explicit operator bool() const { return counter_ != nullptr; }

private:
    explicit Slot(std::atomic<std::size_t>* counter) : counter_(counter) {}
    std::atomic<std::size_t>* counter_ = nullptr;
};

class NetShard {
public:
    NetShard(ServerState& state, boost::asio::io_context& loop, chat::Hub& hub);
    NetShard(const NetShard&) = delete;
    NetShard& operator=(const NetShard&) = delete;

    void start();
    // Closes everything, in order at first and, after `grace`, at once; `done` when nothing is left.
    void stop(base::Millis grace, std::function<void()> done);

    ServerState& state() { return state_; }
    boost::asio::io_context& loop() { return loop_; }
    chat::Hub& hub() { return hub_; }
    TimerWheel& wheel() { return wheel_; }
    std::vector<char>& read_buffer() { return read_buffer_; }

    // The connection has something to send: it is asked to write once the current event is done.
    void flush_later(std::shared_ptr<WsConnection> connection);

    // Buffers for unsent bytes, lent to the connections that have some.
    std::unique_ptr<std::string> borrow_buffer();
    void give_back(std::unique_ptr<std::string> buffer);

    // Every connection, of either kind, that has to be told when the server stops.
    class Member
        : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                                  boost::intrusive::tag<struct MemberTag>> {
    public:
        virtual ~Member() = default;
        virtual void on_stop() = 0;  // end in order, soon
        virtual void on_cut() = 0;   // end now
    };
    void join(Member& member);

    // An HTTP connection that waits for its client. When there are too many the first of them has to go.
    class Waiting
        : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                                  boost::intrusive::tag<struct WaitingTag>> {
    public:
        virtual ~Waiting() = default;
        // Ends the connection and leaves its place to another one.
        virtual Slot give_way() = 0;
    };
    // From now on it waits; it leaves the queue by unlinking itself.
    void waits(Waiting& waiting) { waiting_.push_back(waiting); }
    // The place of the connection that has waited longest; empty when none waits.
    Slot make_room();

    void part(Member& member);
    bool stopping() const { return stopping_; }

private:
    void tick();
    void flush();
    void check_stopped();
    // A member may leave when it is told.
    void tell_all(void (Member::*what)());

    using Members = boost::intrusive::list<
        Member, boost::intrusive::constant_time_size<false>,
        boost::intrusive::base_hook<boost::intrusive::list_base_hook<
            boost::intrusive::link_mode<boost::intrusive::auto_unlink>, boost::intrusive::tag<MemberTag>>>>;

    ServerState& state_;
    boost::asio::io_context& loop_;
    chat::Hub& hub_;
    TimerWheel wheel_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer grace_;
    std::vector<char> read_buffer_;
    std::vector<std::shared_ptr<WsConnection>> to_flush_;
    std::vector<std::unique_ptr<std::string>> spare_buffers_;
    Members members_;
    boost::intrusive::list<
        Waiting, boost::intrusive::constant_time_size<false>,
        boost::intrusive::base_hook<boost::intrusive::list_base_hook<
            boost::intrusive::link_mode<boost::intrusive::auto_unlink>, boost::intrusive::tag<WaitingTag>>>>
        waiting_;
    std::function<void()> on_stopped_;
    bool stopping_ = false;
};

}  // namespace chatbox::net
