#pragma once
// What HTTP routes ask: reads of the store, and changes that live sessions must hear of.
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/types.h"
#include "store/store.h"

namespace chatbox::chat {

struct Transcript {
    model::Session session;
    std::vector<model::Event> events;  // all, in order of seq
};

// Any thread; resumes on the caller's executor. Errors are the store's.
class Queries {
public:
    // `announce_end` is called on the asking thread when a session of that user was ended.
    Queries(store::Store& store, const base::Clock& clock,
            std::function<void(const model::Session&)> announce_end);

    // `now` of the query is set here.
    boost::asio::awaitable<base::Result<store::SessionPage>> list(store::SessionQuery query);
    boost::asio::awaitable<base::Result<std::vector<model::Session>>> sessions_of(model::UserId user);
    // not_found also when it belongs to someone else.
    boost::asio::awaitable<base::Result<Transcript>> transcript(model::SessionId session, model::UserId user);
    boost::asio::awaitable<base::Result<model::Session>> end(model::SessionId session, model::UserId user);
    boost::asio::awaitable<base::Result<std::vector<model::Session>>> all_sessions(std::size_t limit,
                                                                                   std::size_t offset);
    // unavailable or timeout when the store cannot commit within two seconds.
    boost::asio::awaitable<base::Result<base::Nothing>> ready();

    static constexpr std::size_t list_limit = 100;

private:
    store::Store& store_;
    const base::Clock& clock_;
    std::function<void(const model::Session&)> announce_end_;
};

}  // namespace chatbox::chat
