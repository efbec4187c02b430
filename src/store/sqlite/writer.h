#pragma once
// The writes of the port as SQL. Used by the writer thread, inside a transaction that the caller began. A
// call that fails may have changed something: the caller rolls back to the savepoint before it.
#include "rows.h"

namespace chatbox::store::sqlite {

class Writer {
public:
    explicit Writer(Database& database);

    Result<Accepted> accept(const AcceptMessage& request);
    Result<Opened> open(const OpenSession& request);
    Result<Session> set_model(const SessionId& session, const ModelId& model);
    Result<Turn> start(Turn turn);
    Result<Nothing> checkpoint(const TurnId& turn, std::uint64_t offset, const std::string& text);
    Result<Finished> finish(const FinishTurn& request);
    Result<Session> end(const SessionId& session, const UserId& user, Time at);
    Result<std::uint64_t> interrupt_orphans(const NodeId& node, Time at);
    Result<Nothing> probe();

private:
    std::optional<SessionRow> find(const SessionId& id);
    SessionRow find_by_key(std::int64_t key);
    std::optional<TurnRow> find_turn(const TurnId& id);
    // Nothing: a new session is to be created.
    Result<std::optional<SessionRow>> choose(const UserId& user, std::optional<SessionRow> named,
                                             bool create);
    std::optional<Accepted> duplicate(const SessionRow& row, const model::ClientId& client_id);
    Result<SessionRow> create(Session session);
    bool append(const SessionRow& row, Seq seq, const Message& message);  // false, and no change: not unique
    void store(const SessionRow& row);                       // everything but id, user, start and end
    bool begin(std::int64_t session_key, const Turn& turn);  // false, and no change: not unique
    bool turn_runs(std::int64_t session_key);
    std::string checkpointed_text(const TurnRow& turn);
    Result<Nothing> interrupt(const TurnRow& orphan, Time at);

    Database& database_;
    Statement find_, find_by_key_, active_of_, insert_session_, update_session_, end_session_;
    Statement find_duplicate_, insert_event_;
    Statement find_turn_, turn_runs_, insert_turn_, end_turn_, running_turns_;
    Statement insert_text_, grow_text_, read_text_, delete_text_;
    Statement probe_;
};

}  // namespace chatbox::store::sqlite
