#include "chat/caretaker.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace chatbox::chat {

namespace asio = boost::asio;

struct Caretaker::Sweep {
    std::function<void(std::size_t)> done;
    std::size_t hubs_left = 0;
    std::size_t ended = 0;
    base::Time idle_since{};
};

Caretaker::Caretaker(CaretakerParts parts) : parts_(std::move(parts)), timer_(parts_.loop) {}

Caretaker::~Caretaker() = default;

void Caretaker::start() {
    stopped_ = false;
    sweep([this](std::size_t) { schedule(); });
}

void Caretaker::stop() {
    stopped_ = true;
    timer_.cancel();
}

void Caretaker::schedule() {
    if (stopped_) return;
    timer_.expires_after(parts_.interval);
    timer_.async_wait([this](boost::system::error_code ec) {
        if (!ec && !stopped_) sweep([this](std::size_t) { schedule(); });
    });
}

void Caretaker::sweep(std::function<void(std::size_t)> done) {
    auto sweep = std::make_shared<Sweep>();
    sweep->done = std::move(done);
    sweep->hubs_left = parts_.hubs.size();
    sweep->idle_since = parts_.clock.now() - parts_.reconnect_window;
    for (Hub* hub : parts_.hubs) {
        asio::post(hub->loop(), [this, hub, sweep] {
            hub->report_seen([this, sweep](bool reported) {
                asio::post(parts_.loop, [this, sweep, reported] {
                    // A session whose device could not be reported must not be ended for that.
                    if (!reported) sweep->idle_since = {};
                    if (--sweep->hubs_left == 0) expire(sweep);
                });
            });
        });
    }
}

void Caretaker::expire(std::shared_ptr<Sweep> sweep) {
    if (sweep->idle_since == base::Time{}) return sweep->done(0);
    const base::Time idle_since = sweep->idle_since;
    store::Reply<std::vector<model::Session>> reply{
        parts_.loop, [this, sweep = std::move(sweep)](base::Result<std::vector<model::Session>> ended) {
            if (!ended) {
                parts_.log.warn("session", "idle sessions could not be ended",
                                {{"error", ended.error().detail}});
                return sweep->done(sweep->ended);
            }
            sweep->ended += ended->size();
            if (!ended->empty()) {
                parts_.log.info("session", "idle sessions were ended",
                                {{"count", std::uint64_t{ended->size()}}});
            }
            if (ended->size() == parts_.batch && !stopped_) return expire(sweep);
            sweep->done(sweep->ended);
        }};
    parts_.store.expire_sessions(idle_since, parts_.batch, std::move(reply));
}

}  // namespace chatbox::chat
