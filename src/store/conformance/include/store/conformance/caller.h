#pragma once
// A store as tests like to call it: a call that waits for its answer, and requests with ids of their own.
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/id.h"
#include "store/store.h"

namespace chatbox::store::conformance {

using base::Errc;
using base::Result;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
inline const Time noon =
    Time(std::chrono::sys_days(std::chrono::year(2026) / 2 / 22)) + std::chrono::hours(12);

template <class Id>
Id fresh() {
    return Id(base::random_hex_id());
}

// Answers arrive on a thread of the caller's own, which outlives the store: a store's thread may still be
// leaving the executor when the answer is already here.
class Caller {
public:
    explicit Caller(std::unique_ptr<Store> store) : owned_(std::move(store)), store_(owned_.get()) {}
    explicit Caller(Store& store) : store_(&store) {}  // destroyed before this Caller is
    ~Caller() {
        owned_.reset();
        replies_.join();
    }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    Store& store() { return *store_; }
    boost::asio::any_io_executor executor() { return replies_.get_executor(); }

    // Calls, and does not wait. `call` takes the Reply.
    template <class T, class Call>
    std::future<Result<T>> ask(Call call) {
        auto answer = std::make_shared<std::promise<Result<T>>>();
        auto future = answer->get_future();
        call(Reply<T>{executor(), [answer](Result<T> result) { answer->set_value(std::move(result)); }});
        return future;
    }

    // A missing answer must not hang the tests; nothing that works takes this long.
    template <class T>
    static Result<T> wait(std::future<Result<T>> answer) {
        if (answer.wait_for(120s) != std::future_status::ready)
            throw std::runtime_error("no answer from the store");
        return answer.get();
    }

    std::future<Result<Accepted>> send(AcceptMessage request) {
        return ask<Accepted>(
            [&](auto reply) { store_->accept_message(std::move(request), std::move(reply)); });
    }
    Result<Accepted> accept(AcceptMessage request) { return wait(send(std::move(request))); }
    Result<Opened> open(OpenSession request) {
        return wait(
            ask<Opened>([&](auto reply) { store_->open_session(std::move(request), std::move(reply)); }));
    }
    Result<Session> set_model(SessionId id, ModelId model) {
        return wait(ask<Session>([&](auto reply) { store_->set_model(id, model, std::move(reply)); }));
    }
    Result<Turn> start(Turn turn) {
        return wait(ask<Turn>([&](auto reply) { store_->start_turn(std::move(turn), std::move(reply)); }));
    }
    Result<Nothing> checkpoint(TurnId turn, std::uint64_t offset, std::string text) {
        return wait(ask<Nothing>(
            [&](auto reply) { store_->checkpoint_turn(turn, offset, std::move(text), std::move(reply)); }));
    }
    Result<Finished> finish(FinishTurn request) {
        return wait(
            ask<Finished>([&](auto reply) { store_->finish_turn(std::move(request), std::move(reply)); }));
    }
    Result<Session> end(SessionId id, UserId user, Time at) {
        return wait(ask<Session>([&](auto reply) { store_->end_session(id, user, at, std::move(reply)); }));
    }
    Result<std::uint64_t> interrupt_orphans(NodeId node, Time at) {
        return wait(
            ask<std::uint64_t>([&](auto reply) { store_->interrupt_orphans(node, at, std::move(reply)); }));
    }
    Result<Nothing> ping() {
        return wait(ask<Nothing>([&](auto reply) { store_->ping(std::move(reply)); }));
    }
    Result<Session> session(SessionId id) {
        return wait(ask<Session>([&](auto reply) { store_->session(id, std::move(reply)); }));
    }
    std::vector<Event> events_after(SessionId id, Seq after, std::size_t limit) {
        return wait(ask<std::vector<Event>>(
                        [&](auto reply) { store_->events_after(id, after, limit, std::move(reply)); }))
            .value();
    }
    std::vector<Event> last_events(SessionId id, std::size_t limit) {
        return wait(ask<std::vector<Event>>(
                        [&](auto reply) { store_->last_events(id, limit, std::move(reply)); }))
            .value();
    }
    Result<SessionPage> list(SessionQuery query) {
        return wait(
            ask<SessionPage>([&](auto reply) { store_->list_sessions(std::move(query), std::move(reply)); }));
    }
    std::vector<Session> sessions_of(UserId user, std::size_t limit) {
        SessionQuery query;
        query.user = std::move(user);
        query.limit = limit;
        return list(std::move(query)).value().sessions;
    }
    std::vector<Session> all_sessions(std::size_t limit, std::size_t offset) {
        SessionQuery query;
        query.limit = limit;
        query.offset = offset;
        return list(std::move(query)).value().sessions;
    }
    Metrics metrics(Time from, Time to, Time now) {
        return wait(ask<Metrics>([&](auto reply) { store_->metrics(from, to, now, std::move(reply)); }))
            .value();
    }
    Result<Nothing> seen(std::vector<SessionId> ids, Time at) {
        return wait(ask<Nothing>([&](auto reply) { store_->seen(std::move(ids), at, std::move(reply)); }));
    }
    std::vector<Session> expire(Time idle_since, std::size_t limit = 1000) {
        return wait(ask<std::vector<Session>>(
                        [&](auto reply) { store_->expire_sessions(idle_since, limit, std::move(reply)); }))
            .value();
    }
    std::future<Result<ControlChanged>> send(ChangeControl request) {
        return ask<ControlChanged>(
            [&](auto reply) { store_->change_control(std::move(request), std::move(reply)); });
    }
    Result<ControlChanged> change(ChangeControl request) { return wait(send(std::move(request))); }
    std::future<Result<ShareLink>> send(ShareSession request) {
        return ask<ShareLink>(
            [&](auto reply) { store_->share_session(std::move(request), std::move(reply)); });
    }
    Result<ShareLink> share(ShareSession request) { return wait(send(std::move(request))); }
    Result<Session> revoke(SessionId id, UserId user) {
        return wait(ask<Session>([&](auto reply) { store_->revoke_share(id, user, std::move(reply)); }));
    }
    Result<SharedSession> shared(std::string token, Time at) {
        return wait(
            ask<SharedSession>([&](auto reply) { store_->shared(std::move(token), at, std::move(reply)); }));
    }

private:
    boost::asio::thread_pool replies_{1};
    std::unique_ptr<Store> owned_;
    Store* store_;
};

// A message of `user`, with ids that nobody else has.
inline AcceptMessage message_of(const UserId& user, std::string content = "hello") {
    AcceptMessage request;
    request.user = user;
    request.fresh_id = fresh<SessionId>();
    request.message.id = fresh<MessageId>();
    request.message.content = std::move(content);
    request.message.at = noon;
    return request;
}

// The same, and it starts a turn if none is running.
inline AcceptMessage question_of(const UserId& user, std::string content = "what?") {
    AcceptMessage request = message_of(user, std::move(content));
    request.turn = fresh<TurnId>();
    request.answer = fresh<MessageId>();
    request.node = NodeId("node-1");
    return request;
}

inline OpenSession open_for(const UserId& user, bool create = true) {
    OpenSession request;
    request.user = user;
    request.create = create;
    request.fresh_id = fresh<SessionId>();
    request.at = noon;
    return request;
}

// A turn that the session as it is would let start.
inline Turn turn_in(const Session& session) {
    Turn turn;
    turn.id = fresh<TurnId>();
    turn.session = session.id;
    turn.answer = fresh<MessageId>();
    turn.model = ModelId("demo");
    turn.node = NodeId("node-1");
    turn.question_seq = session.last_seq;
    turn.control_number = session.control_number;
    turn.started = noon;
    return turn;
}

inline FinishTurn finish_of(const TurnId& turn, std::string content = "an answer",
                            TurnState state = TurnState::done) {
    FinishTurn request;
    request.turn = turn;
    request.state = state;
    request.content = std::move(content);
    request.at = noon + 2s;
    return request;
}

// Changes of control, with an event of their own.
inline ChangeControl change_to(model::Control to, const SessionId& session, const UserId& actor,
                               std::string name) {
    ChangeControl request;
    request.session = session;
    request.to = to;
    request.actor = actor;
    request.actor_name = std::move(name);
    request.event.id = fresh<MessageId>();
    request.event.sender = model::Sender::system;
    request.event.content = "control changes";
    request.event.at = noon;
    return request;
}
inline ChangeControl help_in(const SessionId& session) {
    return change_to(model::Control::waiting, session, {}, {});
}
inline ChangeControl takeover_of(const SessionId& session, const UserId& admin, std::string name = "Admin") {
    return change_to(model::Control::human, session, admin, std::move(name));
}
inline ChangeControl release_of(const SessionId& session, const UserId& admin) {
    return change_to(model::Control::ai, session, admin, "Admin");
}

}  // namespace chatbox::store::conformance
