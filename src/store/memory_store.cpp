#include "store/memory_store.h"

#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

#include "memory_state.h"

namespace chatbox::store {

using base::Error;

namespace {

template <class T>
void post_reply(Reply<T> reply, Result<T> result) {
    boost::asio::post(reply.on, [done = std::move(reply.done), result = std::move(result)]() mutable {
        done(std::move(result));
    });
}

// Replies are posted under the lock, so that their order is the order of the effects.
class LockedMemoryStore final : public MemoryStore {
public:
    void fail_next(std::size_t count, Error error) override {
        const std::lock_guard lock(mutex_);
        failures_ = count;
        failure_ = std::move(error);
    }

    void accept_message(AcceptMessage request, Reply<Accepted> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.accept(std::move(request)); });
    }
    void open_session(OpenSession request, Reply<Opened> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.open(request); });
    }
    void set_model(SessionId session, ModelId model, Reply<Session> reply) override {
        write(std::move(reply),
              [&](MemoryState& state) { return state.set_model(session, std::move(model)); });
    }
    void start_turn(Turn turn, Reply<Turn> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.start(std::move(turn)); });
    }
    void checkpoint_turn(TurnId turn, std::uint64_t offset, std::string text, Reply<Nothing> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.checkpoint(turn, offset, text); });
    }
    void finish_turn(FinishTurn request, Reply<Finished> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.finish(std::move(request)); });
    }
    void end_session(SessionId session, UserId user, Time at, Reply<Session> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.end(session, user, at); });
    }
    void seen(std::vector<SessionId> sessions, Time at, Reply<Nothing> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.seen(sessions, at); });
    }
    void expire_sessions(Time idle_since, std::size_t limit, Reply<std::vector<Session>> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.expire_idle(idle_since, limit); });
    }
    void change_control(ChangeControl request, Reply<ControlChanged> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.change(std::move(request)); });
    }
    void share_session(ShareSession request, Reply<ShareLink> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.share(request); });
    }
    void revoke_share(SessionId session, UserId user, Reply<Session> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.revoke(session, user); });
    }
    void interrupt_orphans(NodeId node, Time at, Reply<std::uint64_t> reply) override {
        write(std::move(reply), [&](MemoryState& state) { return state.interrupt_orphans(node, at); });
    }

    void session(SessionId id, Reply<Session> reply) override {
        read(std::move(reply), [&](MemoryState& state) { return state.session(id); });
    }
    void events_after(SessionId id, Seq after, std::size_t limit, Reply<std::vector<Event>> reply) override {
        read(std::move(reply), [&](MemoryState& state) { return state.events_after(id, after, limit); });
    }
    void last_events(SessionId id, std::size_t limit, Reply<std::vector<Event>> reply) override {
        read(std::move(reply), [&](MemoryState& state) { return state.last_events(id, limit); });
    }
    void list_sessions(SessionQuery query, Reply<SessionPage> reply) override {
        read(std::move(reply), [&](MemoryState& state) { return state.list(query); });
    }
    void metrics(Time from, Time to, Time now, Reply<Metrics> reply) override {
        read(std::move(reply), [&](MemoryState& state) { return state.metrics(from, to, now); });
    }
    void shared(std::string token, Time at, Reply<SharedSession> reply) override {
        read(std::move(reply), [&](MemoryState& state) { return state.shared(token, at); });
    }

    // Says what the next write would meet, and leaves the failure for it.
    void ping(Reply<Nothing> reply) override {
        const std::lock_guard lock(mutex_);
        post_reply<Nothing>(std::move(reply), failures_ > 0 ? Result<Nothing>(failure_) : Nothing{});
    }

private:
    template <class T, class Work>
    void write(Reply<T> reply, Work work) {
        const std::lock_guard lock(mutex_);
        if (failures_ > 0) {
            --failures_;
            post_reply<T>(std::move(reply), failure_);
        } else {
            post_reply<T>(std::move(reply), work(state_));
        }
    }

    template <class T, class Work>
    void read(Reply<T> reply, Work work) {
        const std::lock_guard lock(mutex_);
        post_reply<T>(std::move(reply), work(state_));
    }

    std::mutex mutex_;
    MemoryState state_;
    std::size_t failures_ = 0;
    Error failure_;
};

}  // namespace

std::unique_ptr<MemoryStore> make_memory_store() {
    return std::make_unique<LockedMemoryStore>();
}

}  // namespace chatbox::store
