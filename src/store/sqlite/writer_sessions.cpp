// The writes that concern a session as a whole: its end, who is in control, its share link.
#include <utility>

#include "refusals.h"
#include "response_codec.h"
#include "writer.h"

namespace chatbox::store::sqlite {

using base::Errc;
using base::Error;

Result<Session> Writer::end(const SessionId& id, const UserId& user, Time at) {
    auto row = find(id);
    if (!row || row->session.user != user) return no_session();
    if (!row->session.end) {
        store::end(row->session, at);
        store_end(*row);
    }
    return std::move(row->session);
}

Result<Nothing> Writer::seen(const std::vector<SessionId>& sessions, Time at) {
    for (const SessionId& id : sessions) seen_.exec(id, at, minute_of(at));
    return Nothing{};
}

Result<std::vector<Session>> Writer::expire_idle(Time idle_since, std::size_t limit) {
    std::vector<SessionRow> idle;
    {
        Run run = idle_.run(minute_of(idle_since), idle_since, bounded(limit));
        while (run.next()) idle.push_back(read_session(run));
    }
    std::vector<Session> ended;
    ended.reserve(idle.size());
    for (SessionRow& row : idle) {
        expire(row.session);
        store_end(row);
        ended.push_back(std::move(row.session));
    }
    return ended;
}

Result<ControlChanged> Writer::change(const ChangeControl& request) {
    auto row = find(request.session);
    if (!row) return no_session();
    const model::Control before = row->session.control;
    const auto outcome = change_control(row->session, request);
    if (!outcome) return outcome.error();
    ControlChanged result{*outcome, {}, {}};
    if (*outcome == ControlOutcome::changed) {
        const Seq seq = add_message(row->session, request.event);
        if (!append(*row, seq, request.event)) return message_exists();
        const Session& s = row->session;
        set_control_.exec(row->key, model::to_string(s.control), s.control_number, s.help_requested,
                          s.admin_assisted, s.assisting_admin, s.assisting_admin_name);
        if (keeps_ai(before, s.control)) renumber_turn_.exec(row->key, s.control_number);
        store(*row);
        result.event = Event{seq, request.event};
    }
    result.session = std::move(row->session);
    return result;
}

Result<ShareLink> Writer::share(const ShareSession& request) {
    auto row = find(request.session);
    if (!row) return no_session();
    Session& session = row->session;
    const auto make = needs_new_link(session, request);
    if (!make) return make.error();
    if (*make) {
        if (share_exists_.run(request.fresh_token).next()) return Error{Errc::conflict, "the token exists"};
        session.share_token = request.fresh_token;
        session.share_expires = request.expires;
        row->share_up_to = request.snapshot ? std::optional(session.last_seq) : std::nullopt;
        store_share(*row);
    }
    return ShareLink{session.share_token, session.share_expires, row->share_up_to, *make};
}

Result<Session> Writer::revoke(const SessionId& id, const UserId& user) {
    auto row = find(id);
    if (!row || row->session.user != user) return no_session();
    if (!row->session.share_token.empty()) {
        row->session.share_token.clear();
        row->session.share_expires.reset();
        row->share_up_to.reset();
        store_share(*row);
    }
    return std::move(row->session);
}

void Writer::store_end(const SessionRow& row) {
    end_session_.exec(row.key, row.session.end);
}

void Writer::store_share(const SessionRow& row) {
    std::optional<std::string_view> token;
    if (!row.session.share_token.empty()) token = row.session.share_token;
    set_share_.exec(row.key, token, row.session.share_expires, row.share_up_to);
}

ResponseWindow Writer::window_of(std::int64_t session_key) {
    Run run = read_window_.run(session_key);
    if (!run.next()) return {};
    auto times = decode_times(run.blob(0));
    if (!times) throw DamagedRow("unreadable response times");
    return ResponseWindow(*std::move(times));
}

void Writer::store_window(std::int64_t session_key, const ResponseWindow& window) {
    const std::string times = encode_times(window.times());
    write_window_.exec(session_key, Blob{times});
}

}  // namespace chatbox::store::sqlite
