#pragma once
// The writes of the port as SQL. Used by the writer thread, inside a transaction that the caller began. A
// call that fails may have changed something: the caller rolls back to the savepoint before it.
#include <vector>

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
    Result<Nothing> seen(const std::vector<SessionId>& sessions, Time at);
    Result<std::vector<Session>> expire_idle(Time idle_since, std::size_t limit);
    Result<ControlChanged> change(const ChangeControl& request);
    Result<ShareLink> share(const ShareSession& request);
    Result<Session> revoke(const SessionId& session, const UserId& user);
    Result<std::uint64_t> interrupt_orphans(const NodeId& node, Time at);
    Result<Nothing> probe();

private:
    std::optional<SessionRow> find(const SessionId& id);
    SessionRow find_by_key(std::int64_t key);
    std::optional<TurnRow> find_turn(const TurnId& id);
    // The session that a request works on.
    struct Choice {
        std::optional<SessionRow> found;  // nothing: a new one is to be created
        bool reopen = false;              // it has ended, and is to be opened again
        std::optional<Session> expired;   // it was idle and has been ended
    };
    // Ends the user's idle session first.
    Result<Choice> choose(const Wish& wish, std::optional<SessionRow> named);
    Result<Choice> choose_for_admin(const AcceptMessage& request, std::optional<SessionRow> named);
    std::optional<SessionRow> active_of(const UserId& user);
    std::optional<Session> end_if_idle(SessionRow& row, const Wish& wish);
    void open_again(SessionRow& row, Time at);
    std::optional<Accepted> duplicate(const SessionRow& row, const model::ClientId& client_id);
    Result<SessionRow> create(Session session);
    bool append(const SessionRow& row, Seq seq, const Message& message);  // false, and no change: not unique
    void store(const SessionRow& row);  // what a message or an answer changes
    void store_end(const SessionRow& row);
    void store_share(const SessionRow& row);
    ResponseWindow window_of(std::int64_t session_key);
    void store_window(std::int64_t session_key, const ResponseWindow& window);
    bool begin(std::int64_t session_key, const Turn& turn);  // false, and no change: not unique
    bool turn_runs(std::int64_t session_key);
    std::string checkpointed_text(const TurnRow& turn);
    Result<Nothing> interrupt(const TurnRow& orphan, Time at);

    Database& database_;
    Statement find_, find_by_key_, active_of_, insert_session_, update_session_, move_minute_, end_session_;
    Statement set_control_, set_share_, share_exists_, seen_, idle_, read_window_, write_window_;
    Statement find_duplicate_, insert_event_;
    Statement find_turn_, turn_runs_, renumber_turn_, insert_turn_, end_turn_, running_turns_;
    Statement insert_text_, grow_text_, read_text_, delete_text_;
    Statement probe_;
};

}  // namespace chatbox::store::sqlite
