#pragma once
// What HTTP routes ask: reads of the store, and changes that live sessions must hear of.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "model/types.h"
#include "store/store.h"

namespace chatbox::chat {

// Which part of a session's events. All of them when nothing is set.
struct EventRange {
    std::optional<model::Seq> after;   // seq greater than this
    std::optional<model::Seq> before;  // seq less than this
    // At most so many: the first ones when `after` is set, else the last ones.
    std::optional<std::size_t> limit;
};

struct Transcript {
    model::Session session;
    std::vector<model::Event> events;  // in order of seq
};

struct ShareOptions {
    std::optional<std::chrono::seconds> expires_in;  // from now
    bool snapshot = false;                           // shows nothing that comes later
};

// A member of the staff.
struct Admin {
    model::UserId id;
    std::string name;
};

// Called on the asking thread after a change was committed. Must not wait: they post to the thread of the
// session's user.
struct Announcements {
    std::function<void(const model::Session&)> ended;
    std::function<void(const model::Session&, const model::Event&)> control_changed;
};

// Any thread; resumes on the caller's executor. Errors are the store's, and timeout when it does not answer
// within the store limit: what was asked may then still happen.
class Queries {
public:
    // What is referred to outlives it.
    Queries(store::Store& store, const base::Clock& clock, Announcements announce,
            base::Metrics& metrics = base::no_metrics(), base::Millis store_limit = default_store_limit);

    // `query.now` is filled in.
    boost::asio::awaitable<base::Result<store::SessionPage>> sessions(store::SessionQuery query);

    // Without an owner, anybody's session. not_found also when it belongs to someone else.
    boost::asio::awaitable<base::Result<Transcript>> transcript(model::SessionId session,
                                                                std::optional<model::UserId> owner,
                                                                EventRange range);
    boost::asio::awaitable<base::Result<model::Session>> end(model::SessionId session, model::UserId user);

    // The session's link: the one that it has, or a new one with these options.
    boost::asio::awaitable<base::Result<store::ShareLink>> share(model::SessionId session, model::UserId user,
                                                                 ShareOptions options);
    boost::asio::awaitable<base::Result<model::Session>> revoke_share(model::SessionId session,
                                                                      model::UserId user);
    // What the link with this token shows. not_found when it is unknown, revoked or has expired.
    boost::asio::awaitable<base::Result<Transcript>> shared(std::string token);

    boost::asio::awaitable<base::Result<store::Metrics>> metrics(base::Time from, base::Time to);

    // How many sessions have not ended.
    boost::asio::awaitable<base::Result<std::uint64_t>> active_sessions();

    // Who answers in the session from now on: this admin, or the AI again. The outcome `held` means that
    // another admin is in control, whom session.assisting_admin names. conflict: the session has ended.
    boost::asio::awaitable<base::Result<store::ControlChanged>> take_over(model::SessionId session,
                                                                          Admin admin);
    boost::asio::awaitable<base::Result<store::ControlChanged>> release(model::SessionId session,
                                                                        Admin admin);

    // unavailable or timeout when the store cannot commit within two seconds.
    boost::asio::awaitable<base::Result<base::Nothing>> ready();

    base::Time now() const { return clock_.now(); }

    static constexpr base::Millis default_store_limit{30'000};
    static constexpr base::Millis ready_limit{2'000};

private:
    boost::asio::awaitable<base::Result<std::vector<model::Event>>> events(model::SessionId session,
                                                                           EventRange range,
                                                                           model::Seq up_to);
    boost::asio::awaitable<base::Result<store::ControlChanged>> change_control(store::ChangeControl change);

    store::Store& store_;
    const base::Clock& clock_;
    Announcements announce_;
    base::Metrics& metrics_;
    base::Millis store_limit_;
};

}  // namespace chatbox::chat
