#include "writer.h"

#include <utility>

#include "metadata_codec.h"

namespace chatbox::store::sqlite {

using base::Errc;
using base::Error;

namespace {

std::string select(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + " FROM " + rest;
}

Error no_session() {
    return {Errc::not_found, "no such session"};
}
Error no_turn() {
    return {Errc::not_found, "no such turn"};
}

Error message_exists() {
    return {Errc::conflict, "the message id exists"};
}
Error turn_exists() {
    return {Errc::conflict, "the turn id exists"};
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
          "help_requested, admin_assisted, assisting_admin_name) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, 0, 0, 0, 0, 0, 0, '')"),
      update_session_(database,
                      "UPDATE session SET name = ?2, model = ?3, last_activity = ?4, last_seq = ?5, "
                      "message_count = ?6, total_tokens = ?7, max_response_ms = ?8, response_ms_sum = ?9, "
                      "answer_count = ?10 WHERE key = ?1"),
      end_session_(database, "UPDATE session SET ended = ?2 WHERE key = ?1"),
      find_duplicate_(database, select(event_columns, "event WHERE session = ?1 AND client_id = ?2")),
      insert_event_(
          database,
          "INSERT INTO event (position, id, sender, kind, content, file_id, file_url, metadata, at, "
          "model, turn, status, client_id) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
          "ON CONFLICT DO NOTHING"),
      find_turn_(database, select(turn_columns, "turn WHERE id = ?1")),
      turn_runs_(database, "SELECT 1 FROM turn WHERE session = ?1 AND state = 'running'"),
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
    if (named && named->record.session.user == request.user && named->record.session.end) {
        // It was sent before the session ended, and the answer got lost.
        if (auto known = duplicate(*named, request.message.client_id)) return *std::move(known);
    }
    auto chosen = choose(request.user, std::move(named), request.create);
    if (!chosen) return chosen.error();

    Accepted accepted;
    accepted.created = !*chosen;
    if (accepted.created) {
        auto created =
            create(new_session(request.fresh_id, request.user, request.fresh_model, request.message.at));
        if (!created) return created.error();
        *chosen = *std::move(created);
    }
    SessionRow row = **std::move(chosen);
    accepted.event.message = request.message;
    accepted.event.seq = add_message(row.record.session, request.message);
    // Its uniqueness is checked by trying: that is the one look-up that the insertion needs anyway.
    if (!append(row, accepted.event.seq, request.message)) {
        // As it is stored: `row` has counted the message already.
        if (auto known = duplicate(find_by_key(row.key), request.message.client_id)) return *std::move(known);
        return message_exists();
    }
    store(row);
    if (!request.turn.empty() && row.record.session.control == model::Control::ai && !turn_runs(row.key)) {
        accepted.turn_started = true;
        if (!begin(row.key, turn_for(request, row.record.session, accepted.event.seq))) return turn_exists();
    }
    accepted.session = std::move(row.record.session);
    return accepted;
}

Result<Opened> Writer::open(const OpenSession& request) {
    auto named = request.session.empty() ? std::nullopt : find(request.session);
    auto chosen = choose(request.user, std::move(named), request.create);
    if (!chosen) return chosen.error();
    if (*chosen) return Opened{std::move((**chosen).record.session), false};
    auto created = create(new_session(request.fresh_id, request.user, request.model, request.at));
    if (!created) return created.error();
    return Opened{std::move(created->record.session), true};
}

Result<Session> Writer::set_model(const SessionId& session, const ModelId& model) {
    auto row = find(session);
    if (!row) return no_session();
    row->record.session.model = model;
    store(*row);
    return std::move(row->record.session);
}

Result<Turn> Writer::start(Turn turn) {
    const auto row = find(turn.session);
    if (!row) return no_session();
    turn.state = TurnState::running;
    const auto allowed = may_start(row->record.session, turn_runs(row->key), turn);
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
    const auto allowed = may_finish(row.record.session, found->turn, request.state);
    if (!allowed) return allowed.error();
    // First what gives room: an answer can then be kept on a disk that its checkpoints filled.
    if (found->stored > 0) delete_text_.exec(request.turn);
    end_turn_.exec(request.turn, model::to_string(request.state));
    Message answer = answer_of(found->turn, request.state, request.content, request.at);
    answer.metadata = request.metadata;
    const Seq seq = add_answer(row.record, answer, request.tokens, request.response_ms);
    store(row);
    if (!append(row, seq, answer)) return message_exists();
    return Finished{std::move(row.record.session), {seq, std::move(answer)}};
}

Result<Session> Writer::end(const SessionId& id, const UserId& user, Time at) {
    auto row = find(id);
    if (!row || row->record.session.user != user) return no_session();
    if (!row->record.session.end) {
        row->record.session.end = at;
        end_session_.exec(row->key, at);
    }
    return std::move(row->record.session);
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
    const Seq seq = add_message(row.record.session, answer);
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

Result<std::optional<SessionRow>> Writer::choose(const UserId& user, std::optional<SessionRow> named,
                                                 bool create) {
    // The named session needs no look at the active one when it is the user's and has not ended: it is that
    // one.
    std::optional<SessionRow> active;
    const bool settled = named && (named->record.session.user != user || !named->record.session.end);
    if (!settled) {
        Run run = active_of_.run(user);
        if (run.next()) active = read_session(run);
    }
    switch (choose_session(user, named ? &named->record.session : nullptr,
                           active ? &active->record.session : nullptr, create)) {
        case Target::named:
            return named;
        case Target::active:
            return active;
        case Target::fresh:
            return std::optional<SessionRow>{};
        case Target::forbidden:
            return Error{Errc::forbidden, "the session belongs to someone else"};
        case Target::none:
            break;
    }
    return no_session();
}

std::optional<Accepted> Writer::duplicate(const SessionRow& row, const model::ClientId& client_id) {
    if (client_id.empty()) return std::nullopt;
    Run run = find_duplicate_.run(row.key, client_id);
    if (!run.next()) return std::nullopt;
    Accepted known;
    known.session = row.record.session;
    known.event = read_event(run);
    known.duplicate = true;
    return known;
}

Result<SessionRow> Writer::create(Session session) {
    if (find(session.id)) return Error{Errc::conflict, "the session id exists"};
    insert_session_.exec(session.id, session.user, session.name, session.model, session.start,
                         session.last_activity, model::to_string(session.control), session.control_number);
    SessionRow row;
    row.key = database_.last_insert_key();
    row.record.session = std::move(session);
    return row;
}

void Writer::store(const SessionRow& row) {
    const Session& s = row.record.session;
    update_session_.exec(row.key, s.name, s.model, s.last_activity, s.last_seq, s.message_count,
                         s.total_tokens, s.max_response_ms, row.record.response_ms_sum, s.answer_count);
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
