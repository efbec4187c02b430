// The reads of the memory store.
#include <algorithm>
#include <compare>

#include "memory_state.h"
#include "model/naming.h"

namespace chatbox::store {

using base::Errc;
using base::Error;

namespace {

bool fits(const Session& session, const SessionQuery& query, const std::string& folded_part) {
    if (query.user && session.user != *query.user) return false;
    if (query.active && session.end.has_value() == *query.active) return false;
    if (query.admin_assisted && session.admin_assisted != *query.admin_assisted) return false;
    if (query.start_from && session.start < *query.start_from) return false;
    if (query.start_to && session.start > *query.start_to) return false;
    return folded_part.empty() || model::fold_case(session.name).find(folded_part) != std::string::npos;
}

std::strong_ordering order(const Session& a, const Session& b, const SessionQuery& query) {
    switch (query.sort) {
        case SessionSort::start_time:
            return a.start <=> b.start;
        case SessionSort::end_time:
            return a.end <=> b.end;
        case SessionSort::last_activity:
            return a.last_activity <=> b.last_activity;
        case SessionSort::message_count:
            return a.message_count <=> b.message_count;
        case SessionSort::total_tokens:
            return a.total_tokens <=> b.total_tokens;
        case SessionSort::user_id:
            return a.user <=> b.user;
        case SessionSort::duration:
            return model::duration(a, query.now) <=> model::duration(b, query.now);
    }
    return std::strong_ordering::equal;
}

}  // namespace

Result<Session> MemoryState::session(const SessionId& id) const {
    const StoredSession* found = find(id);
    if (found == nullptr) return Error{Errc::not_found, "no such session"};
    return found->session;
}

std::vector<Event> MemoryState::events_after(const SessionId& id, Seq after, std::size_t limit) const {
    const StoredSession* found = find(id);
    if (found == nullptr || after >= found->events.size()) return {};
    const auto first = found->events.begin() + static_cast<std::ptrdiff_t>(after);
    const std::size_t count = std::min(limit, found->events.size() - static_cast<std::size_t>(after));
    return {first, first + static_cast<std::ptrdiff_t>(count)};
}

std::vector<Event> MemoryState::last_events(const SessionId& id, std::size_t limit) const {
    const StoredSession* found = find(id);
    if (found == nullptr) return {};
    const std::size_t count = std::min(limit, found->events.size());
    return {found->events.end() - static_cast<std::ptrdiff_t>(count), found->events.end()};
}

SessionPage MemoryState::list(const SessionQuery& query) const {
    const std::string folded_part = model::fold_case(query.name_contains);
    std::vector<const Session*> all;
    for (const auto& [id, stored] : sessions_) {
        if (fits(stored.session, query, folded_part)) all.push_back(&stored.session);
    }
    std::sort(all.begin(), all.end(), [&](const Session* a, const Session* b) {
        const auto compared = order(*a, *b, query);
        if (compared == 0) return a->id < b->id;
        return query.descending ? compared > 0 : compared < 0;
    });
    SessionPage page;
    page.total = all.size();
    for (std::size_t i = std::min(query.offset, all.size());
         i < all.size() && page.sessions.size() < query.limit; ++i) {
        page.sessions.push_back(*all[i]);
    }
    return page;
}

Metrics MemoryState::metrics(Time from, Time to, Time now) const {
    MetricsSum sum;
    std::vector<const Session*> sessions;
    for (const auto& [id, stored] : sessions_) {
        const Session& session = stored.session;
        sessions.push_back(&session);
        if (session.start < from || session.start > to) continue;
        sum.add({!session.end, session.admin_assisted, session.total_tokens, stored.window.sum(),
                 answers_in_window(session), session.max_response_ms});
    }
    Metrics out = sum.metrics();
    const Time until = std::min(to, now);
    if (until >= from) measure_concurrency(sessions, from, until, out);
    return out;
}

void MemoryState::measure_concurrency(const std::vector<const Session*>& sessions, Time from, Time until,
                                      Metrics& out) {
    std::uint64_t open = 0;
    std::vector<Time> openings;
    std::vector<Time> closings;
    for (const Session* session : sessions) {
        const auto closing =
            session->end ? std::optional(closing_time(session->start, *session->end)) : std::nullopt;
        if (session->start > until || (closing && *closing <= from)) continue;
        if (session->start < from) {
            ++open;
        } else {
            openings.push_back(session->start);
        }
        if (closing && *closing <= until) closings.push_back(*closing);
    }
    std::sort(openings.begin(), openings.end());
    std::sort(closings.begin(), closings.end());
    ConcurrencyMeter meter(from, until, open);
    auto closing = closings.begin();
    for (const Time opening : openings) {
        for (; closing != closings.end() && *closing <= opening; ++closing) meter.closed(*closing);
        meter.opened(opening);
    }
    for (; closing != closings.end(); ++closing) meter.closed(*closing);
    meter.finish(out);
}

Result<SharedSession> MemoryState::shared(const std::string& token, Time at) const {
    const auto found = by_share_token_.find(token);
    if (found == by_share_token_.end()) return Error{Errc::not_found, "no such share link"};
    const StoredSession& stored = sessions_.at(found->second);
    if (!model::is_shared(stored.session, at)) return Error{Errc::not_found, "the share link has expired"};
    return SharedSession{stored.session, stored.share_up_to.value_or(stored.session.last_seq)};
}

}  // namespace chatbox::store
