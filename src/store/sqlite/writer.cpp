#include "writer.h"

#include <utility>

#include "metadata_codec.h"
#include "refusals.h"

namespace chatbox::store::sqlite {

using base::Errc;
using base::Error;

namespace {

std::string select(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + " FROM " + rest;
}

}  // namespace

Writer::Writer(Database& database)
    : database_(database),
      find_(database, select(session_columns, "session WHERE id = ?1")),
      find_by_key_(database, select(session_columns, "session WHERE key = ?1")),
      active_of_(database, select(session_columns, "session WHERE user = ?1 AND ended IS NULL")),
      insert_session_(
          database,
          "INSERT INTO session (id, user, name, model, start, last_activity, control, control_number, "
          "last_seq, message_count, total_tokens, max_response_ms, response_ms_sum, answer_count, "
          "help_requested, admin_assisted, assisting_admin_name, last_seen, seen_minute) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, 0, 0, 0, 0, 0, '', ?9, ?10)"),
      update_session_(database,
                      "UPDATE session SET name = ?2, model = ?3, last_activity = ?4, last_seq = ?5, "
                      "message_count = ?6, total_tokens = ?7, max_response_ms = ?8, response_ms_sum = ?9, "
                      "answer_count = ?10, last_seen = ?11 WHERE key = ?1"),
      move_minute_(database, "UPDATE session SET seen_minute = ?2 WHERE key = ?1"),
      end_session_(database, "UPDATE session SET ended = ?2 WHERE key = ?1"),
      set_control_(database,
                   "UPDATE session SET control = ?2, control_number = ?3, help_requested = ?4, "
                   "admin_assisted = ?5, assisting_admin = ?6, assisting_admin_name = ?7 WHERE key = ?1"),
      set_share_(database,
                 "UPDATE session SET share_token = ?2, share_expires = ?3, share_up_to = ?4 WHERE key = ?1"),
      share_exists_(database, "SELECT 1 FROM session WHERE share_token = ?1"),
      seen_(database,
            "UPDATE session SET last_seen = ?2, seen_minute = ?3 "
            "WHERE id = ?1 AND ended IS NULL AND last_seen < ?2"),
      idle_(database, select(session_columns,
                             "session INDEXED BY session_idle "  // rather than by that of the ends
                             "WHERE ended IS NULL AND control = 'ai' AND seen_minute <= ?1 "
                             "AND last_seen <= ?2 AND NOT EXISTS (SELECT 1 FROM turn "
                             "WHERE turn.session = session.key AND turn.state = 'running') "
                             "ORDER BY seen_minute LIMIT ?3")),
      read_window_(database, "SELECT times FROM response_window WHERE session = ?1"),
      write_window_(database,
                    "INSERT INTO response_window (session, times) VALUES (?1, ?2) "
                    "ON CONFLICT (session) DO UPDATE SET times = excluded.times"),
      find_duplicate_(database, select(event_columns, "event WHERE session = ?1 AND client_id = ?2")),
      insert_event_(
          database,
          "INSERT INTO event (position, id, sender, kind, content, file_id, file_url, metadata, at, "
          "model, turn, status, client_id) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
          "ON CONFLICT DO NOTHING"),
      find_turn_(database, select(turn_columns, "turn WHERE id = ?1")),
      turn_runs_(database, "SELECT 1 FROM turn WHERE session = ?1 AND state = 'running'"),
      renumber_turn_(database,
                     "UPDATE turn SET control_number = ?2 WHERE session = ?1 AND state = 'running'"),
      insert_turn_(
          database,
          "INSERT INTO turn (id, session, answer, model, node, question_seq, control_number, started, "
          "state, stored) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'running', 0) ON CONFLICT DO NOTHING"),
      end_turn_(database, "UPDATE turn SET state = ?2, stored = 0 WHERE id = ?1"),
      running_turns_(database, select(turn_columns, "turn WHERE state = 'running'")),
      insert_text_(database, "INSERT INTO turn_text (turn, offset, text) VALUES (?1, ?2, ?3)"),
      grow_text_(database, "UPDATE turn SET stored = ?2 WHERE id = ?1"),
      read_text_(database, "SELECT text FROM turn_text WHERE turn = ?1 ORDER BY offset"),
      delete_text_(database, "DELETE FROM turn_text WHERE turn = ?1"),
      probe_(database, "UPDATE probe SET count = count + 1") {}

Result<Accepted> Writer::accept(const AcceptMessage& request) {
    auto named = request.session.empty() ? std::nullopt : find(request.session);
    const bool by_admin = !request.as_admin.empty();
    if (named && !by_admin && named->session.user == request.user &&
        (named->session.end || is_idle(named->session, request.lifetime.idle_since, false))) {
        // It was sent before the session ended, and the answer got lost.
        if (auto known = duplicate(*named, request.message.client_id)) return *std::move(known);
    }
    auto choice =
        by_admin ? choose_for_admin(request, std::move(named)) : choose(wish_of(request), std::move(named));
    if (!choice) return choice.error();

    Accepted accepted;
    accepted.expired = std::move(choice->expired);
    accepted.reopened = choice->reopen;
    accepted.created = !choice->found;
    if (accepted.created) {
        auto created =
            create(new_session(request.fresh_id, request.user, request.fresh_model, request.message.at));
        if (!created) return created.error();
        choice->found = *std::move(created);
    }
    SessionRow row = *std::move(choice->found);
    if (accepted.reopened) open_again(row, request.message.at);
    accepted.event.message = request.message;
    accepted.event.seq = add_message(row.session, request.message);
    // Its uniqueness is checked by trying: that is the one look-up that the insertion needs anyway.
    if (!append(row, accepted.event.seq, request.message)) {
        // As it is stored: `row` has counted the message already.
        if (auto known = duplicate(find_by_key(row.key), request.message.client_id)) return *std::move(known);
        return message_exists();
    }
    store(row);
    if (!request.turn.empty() && model::ai_answers(row.session.control) && !turn_runs(row.key)) {
        accepted.turn_started = true;
        if (!begin(row.key, turn_for(request, row.session, accepted.event.seq))) return turn_exists();
    }
    accepted.session = std::move(row.session);
    return accepted;
}

Result<Opened> Writer::open(const OpenSession& request) {
    auto named = request.session.empty() ? std::nullopt : find(request.session);
    auto choice = choose(wish_of(request), std::move(named));
    if (!choice) return choice.error();
    Opened opened;
    opened.expired = std::move(choice->expired);
    opened.reopened = choice->reopen;
    opened.created = !choice->found;
    if (opened.created) {
        auto created = create(new_session(request.fresh_id, request.user, request.model, request.at));
        if (!created) return created.error();
        choice->found = *std::move(created);
    }
    if (opened.reopened) {
        open_again(*choice->found, request.at);
        store(*choice->found);
    }
    opened.session = std::move(choice->found->session);
    return opened;
}

Result<Session> Writer::set_model(const SessionId& session, const ModelId& model) {
    auto row = find(session);
    if (!row) return no_session();
    row->session.model = model;
    store(*row);
    return std::move(row->session);
}

Result<Turn> Writer::start(Turn turn) {
    const auto row = find(turn.session);
    if (!row) return no_session();
    turn.state = TurnState::running;
    const auto allowed = may_start(row->session, turn_runs(row->key), turn);
    if (!allowed) return allowed.error();
    if (!begin(row->key, turn)) return turn_exists();
    return turn;
}

Result<Nothing> Writer::checkpoint(const TurnId& id, std::uint64_t offset, const std::string& text) {
    const auto row = find_turn(id);
    if (!row) return no_turn();
    if (row->turn.state != TurnState::running) return Error{Errc::conflict, "the turn has ended"};
    switch (place_checkpoint(row->stored, offset)) {
        case Checkpoint::gap:
            return Error{Errc::invalid, "a gap before the checkpoint"};
        case Checkpoint::repeated:
            return Nothing{};
        case Checkpoint::append:
            break;
    }
    if (text.empty()) return Nothing{};
    insert_text_.exec(id, offset, Blob{text});
    grow_text_.exec(id, offset + text.size());
    return Nothing{};
}

Result<Finished> Writer::finish(const FinishTurn& request) {
    const auto found = find_turn(request.turn);
    if (!found) return no_turn();
    auto row = find_by_key(found->session_key);
    const auto allowed = may_finish(row.session, found->turn, request.state);
    if (!allowed) return allowed.error();
    // First what gives room: an answer can then be kept on a disk that its checkpoints filled.
    if (found->stored > 0) delete_text_.exec(request.turn);
    end_turn_.exec(request.turn, model::to_string(request.state));
    Message answer = answer_of(found->turn, request.state, request.content, request.at);
    answer.metadata = request.metadata;
    ResponseWindow window;
    if (row.session.answer_count > 0) window = window_of(row.key);
    const Seq seq = add_answer(row.session, window, answer, request.tokens, request.response_ms);
    row.response_ms_sum = window.sum();
    store(row);
    if (!answer.content.empty()) store_window(row.key, window);
    if (!append(row, seq, answer)) return message_exists();
    return Finished{std::move(row.session), {seq, std::move(answer)}};
}

Result<std::uint64_t> Writer::interrupt_orphans(const NodeId& node, Time at) {
    std::vector<TurnRow> orphans;
    {
        Run run = running_turns_.run();
        while (run.next()) {
            TurnRow row = read_turn(run);
            if (node.empty() || row.turn.node != node) orphans.push_back(std::move(row));
        }
    }
    for (const TurnRow& orphan : orphans) {
        const auto interrupted = interrupt(orphan, at);
        if (!interrupted) return interrupted.error();
    }
    return orphans.size();
}

Result<Nothing> Writer::interrupt(const TurnRow& orphan, Time at) {
    auto row = find_by_key(orphan.session_key);
    std::string text = checkpointed_text(orphan);
    if (orphan.stored > 0) delete_text_.exec(orphan.turn.id);
    end_turn_.exec(orphan.turn.id, model::to_string(TurnState::interrupted));
    Message answer = answer_of(orphan.turn, TurnState::interrupted, std::move(text), at);
    const Seq seq = add_message(row.session, answer);
    store(row);
    if (!append(row, seq, answer)) return message_exists();
    return Nothing{};
}

Result<Nothing> Writer::probe() {
    probe_.exec();
    return Nothing{};
}

std::optional<SessionRow> Writer::find(const SessionId& id) {
    Run run = find_.run(id);
    if (!run.next()) return std::nullopt;
    return read_session(run);
}

SessionRow Writer::find_by_key(std::int64_t key) {
    Run run = find_by_key_.run(key);
    if (!run.next()) throw DamagedRow("a session is missing");
    return read_session(run);
}

std::optional<TurnRow> Writer::find_turn(const TurnId& id) {
    Run run = find_turn_.run(id);
    if (!run.next()) return std::nullopt;
    return read_turn(run);
}

Result<Writer::Choice> Writer::choose(const Wish& wish, std::optional<SessionRow> named) {
    const bool own = named && named->session.user == wish.user;
    Choice choice;
    std::optional<SessionRow> active;
    if (own && !named->session.end) {
        choice.expired = end_if_idle(*named, wish);
    } else if (own || !named) {  // an own session that has not ended is the active one
        active = active_of(wish.user);
        if (active) choice.expired = end_if_idle(*active, wish);
        if (choice.expired) active.reset();
    }
    switch (choose_session(wish, named ? &named->session : nullptr, active ? &active->session : nullptr)) {
        case Target::named:
            choice.found = std::move(named);
            return choice;
        case Target::reopen:
            choice.found = std::move(named);
            choice.reopen = true;
            return choice;
        case Target::active:
            choice.found = std::move(active);
            return choice;
        case Target::fresh:
            return choice;
        case Target::forbidden:
            return Error{Errc::forbidden, "the session belongs to someone else"};
        case Target::none:
            break;
    }
    return no_session();
}

Result<Writer::Choice> Writer::choose_for_admin(const AcceptMessage& request,
                                                std::optional<SessionRow> named) {
    if (!named) return no_session();
    const auto allowed = may_write_as_admin(request, named->session);
    if (!allowed) return allowed.error();
    Choice choice;
    choice.found = std::move(named);
    return choice;
}

std::optional<SessionRow> Writer::active_of(const UserId& user) {
    Run run = active_of_.run(user);
    if (!run.next()) return std::nullopt;
    return read_session(run);
}

std::optional<Session> Writer::end_if_idle(SessionRow& row, const Wish& wish) {
    if (!is_idle(row.session, wish.lifetime.idle_since, false) || turn_runs(row.key)) return std::nullopt;
    expire(row.session);
    store_end(row);
    return row.session;
}

void Writer::open_again(SessionRow& row, Time at) {
    reopen(row.session, at);
    store_end(row);
}

std::optional<Accepted> Writer::duplicate(const SessionRow& row, const model::ClientId& client_id) {
    if (client_id.empty()) return std::nullopt;
    Run run = find_duplicate_.run(row.key, client_id);
    if (!run.next()) return std::nullopt;
    Accepted known;
    known.session = row.session;
    known.event = read_event(run);
    known.duplicate = true;
    return known;
}

Result<SessionRow> Writer::create(Session session) {
    if (find(session.id)) return Error{Errc::conflict, "the session id exists"};
    insert_session_.exec(session.id, session.user, session.name, session.model, session.start,
                         session.last_activity, model::to_string(session.control), session.control_number,
                         session.last_seen, minute_of(session.last_seen));
    SessionRow row;
    row.key = database_.last_insert_key();
    row.seen_minute = minute_of(session.last_seen);
    row.session = std::move(session);
    return row;
}

void Writer::store(const SessionRow& row) {
    const Session& s = row.session;
    update_session_.exec(row.key, s.name, s.model, s.last_activity, s.last_seq, s.message_count,
                         s.total_tokens, s.max_response_ms, row.response_ms_sum, s.answer_count, s.last_seen);
    const std::int64_t minute = minute_of(s.last_seen);
    if (minute != row.seen_minute) move_minute_.exec(row.key, minute);
}

bool Writer::append(const SessionRow& row, Seq seq, const Message& message) {
    const std::string metadata = encode_metadata(message.metadata);
    std::optional<std::string_view> client_id;
    if (!message.client_id.empty()) client_id = message.client_id.str();
    insert_event_.exec(position_of(row.key, seq), message.id, model::to_string(message.sender),
                       model::to_string(message.kind), message.content, message.file_id, message.file_url,
                       Blob{metadata}, message.at, message.model, message.turn,
                       model::to_string(message.status), client_id);
    return database_.changed_rows() == 1;
}

bool Writer::turn_runs(std::int64_t session_key) {
    return turn_runs_.run(session_key).next();
}

bool Writer::begin(std::int64_t session_key, const Turn& turn) {
    insert_turn_.exec(turn.id, session_key, turn.answer, turn.model, turn.node, turn.question_seq,
                      turn.control_number, turn.started);
    return database_.changed_rows() == 1;
}

std::string Writer::checkpointed_text(const TurnRow& turn) {
    std::string text;
    text.reserve(turn.stored);
    Run run = read_text_.run(turn.turn.id);
    while (run.next()) text += run.blob(0);
    return text;
}

}  // namespace chatbox::store::sqlite
